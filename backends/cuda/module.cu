/// The CUDA backend: the kernels, their launch, and its table.
#include <atomic>
#include <utility>

#include "cuda/backend.h"
#include "cuda/lane.h"
#include "cuda/runtime.h"
#include "gpu/fill_kernel.h"
#include "gpu/module.h"

namespace nsameta::cuda {
namespace {

template <int index>
__global__ void __launch_bounds__(gpu::kernel_of<index>.block_threads,
                                  gpu::resident_threads / gpu::kernel_of<index>.block_threads)
    fill_kernel(const __grid_constant__ gpu::arguments_of<index> arguments) {
  __shared__ gpu::memory_of<index> shared;
  lane self;
  gpu::fill_block<index>(self, arguments, shared);
}

template <int... index>
const void* entry_of(int kernel, std::integer_sequence<int, index...>) {
  static const void* const entries[] = {reinterpret_cast<const void*>(fill_kernel<index>)...};
  return entries[kernel];
}

const void* entry_of(int kernel) { return entry_of(kernel, std::make_integer_sequence<int, gpu::kernel_count>()); }

/// Whether a device runs code for compute capability 9.0 or later, whose kernels wait for earlier ones.
std::atomic<bool> can_overlap[gpu::max_devices];
/// Blocks that a device can run together. Parts of a device may have fewer than a whole one; then no clusters are used.
std::atomic<int> largest_cluster[gpu::max_devices];

runtime::error find_largest_cluster(int kernel, int device) {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(static_cast<unsigned>(gpu::largest_cluster));
  config.blockDim = dim3(static_cast<unsigned>(gpu::kernel_at(kernel).block_threads));
  int blocks = 0;
  const runtime::error e = cudaOccupancyMaxPotentialClusterSize(&blocks, entry_of(kernel), &config);
  if (e != runtime::success) return e;
  // What all kernels can: 0 is none asked yet.
  if (const int known = largest_cluster[device].load(std::memory_order_relaxed); known == 0 || blocks < known)
    largest_cluster[device].store(blocks, std::memory_order_relaxed);
  return e;
}

}  // namespace

runtime::error runtime::load(int kernel) {
  cudaFuncAttributes attributes;
  const error e = cudaFuncGetAttributes(&attributes, entry_of(kernel));
  if (e != success) return e;
  // Not the machine code alone: of older PTX that the driver compiled, it is new, but lacks the wait.
  if (attributes.binaryVersion < 90 || attributes.ptxVersion < 90) return success;
  int device = 0;
  if (const error at = cudaGetDevice(&device); at != success) return at;
  if (device >= gpu::max_devices) return success;
  can_overlap[device].store(true, std::memory_order_relaxed);
  return gpu::kernel_at(kernel).work.reach == gpu::reach::general ? success : find_largest_cluster(kernel, device);
}

runtime::error runtime::launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
  const dim3 blocks(static_cast<unsigned>(shape.blocks));
  const dim3 threads(static_cast<unsigned>(gpu::kernel_at(kernel).block_threads));
  void* parameters[] = {const_cast<void*>(arguments)};
  cudaLaunchAttribute attributes[2];
  unsigned count = 0;
  if (shape.cluster > 1 || shape.overlaps) {
    int device = 0;
    if (const error e = cudaGetDevice(&device); e != success) return e;
    const bool known = device < gpu::max_devices;
    if (known && shape.cluster > 1 && shape.cluster <= largest_cluster[device].load(std::memory_order_relaxed)) {
      attributes[count].id = cudaLaunchAttributeClusterDimension;
      attributes[count++].val.clusterDim = {static_cast<unsigned>(shape.cluster), 1, 1};
    }
    if (known && shape.overlaps && can_overlap[device].load(std::memory_order_relaxed)) {
      attributes[count].id = cudaLaunchAttributeProgrammaticStreamSerialization;
      attributes[count++].val.programmaticStreamSerializationAllowed = 1;
    }
  }
  if (count == 0) return cudaLaunchKernel(entry_of(kernel), blocks, threads, parameters, 0, of(stream));
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = threads;
  config.stream = of(stream);
  config.attrs = attributes;
  config.numAttrs = count;
  return cudaLaunchKernelExC(&config, entry_of(kernel), parameters);
}

}  // namespace nsameta::cuda

const nsameta::backend_interface& nsameta::cuda_backend() { return gpu::module<cuda::runtime>(); }
