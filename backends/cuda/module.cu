/// The CUDA backend: the kernels, their launch, and its table.
#include <atomic>

#include "backends.h"
#include "cuda/runtime.h"
#include "cuda/thread_context.h"
#include "gpu/kernels.h"
#include "gpu/module.h"

namespace nsameta::cuda {
namespace {

template <class K>
__global__ void __launch_bounds__(K::block_threads, K::resident_threads / K::block_threads)
    entry(const __grid_constant__ typename K::arguments arguments) {
  __shared__ typename K::shared shared;
  thread_context self;
  K::run(self, arguments, shared);
}

struct kernel {
  const void* entry;
  unsigned threads;
};

template <class... K>
const kernel& kernel_of(int id, gpu::type_list<K...>) {
  static const kernel all[] = {{reinterpret_cast<const void*>(entry<K>), K::block_threads}...};
  return all[id];
}
const kernel& kernel_of(int id) { return kernel_of(id, gpu::kernels{}); }

/// Whether a device runs code for compute capability 9.0 or later, whose kernels wait for earlier ones.
std::atomic<bool> can_overlap[gpu::max_devices];

}  // namespace

runtime::error runtime::load(int kernel) {
  cudaFuncAttributes attributes;
  const error e = cudaFuncGetAttributes(&attributes, kernel_of(kernel).entry);
  if (e != success) return e;
  // Not the machine code alone: of older PTX that the driver compiled, it is new, but lacks the wait.
  if (attributes.binaryVersion < 90 || attributes.ptxVersion < 90) return success;
  int device = 0;
  if (const error at = cudaGetDevice(&device); at != success) return at;
  if (device < gpu::max_devices) can_overlap[device].store(true, std::memory_order_relaxed);
  return success;
}

runtime::error runtime::launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
  const auto [entry, threads] = kernel_of(kernel);
  const dim3 blocks(static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.sets));
  void* parameters[] = {const_cast<void*>(arguments)};
  if (shape.overlaps) {
    int device = 0;
    if (const error e = cudaGetDevice(&device); e != success) return e;
    shape.overlaps = device < gpu::max_devices && can_overlap[device].load(std::memory_order_relaxed);
  }
  if (!shape.overlaps) return cudaLaunchKernel(entry, blocks, dim3(threads), parameters, 0, of(stream));
  cudaLaunchAttribute attribute;
  attribute.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  attribute.val.programmaticStreamSerializationAllowed = 1;
  cudaLaunchConfig_t config{};
  config.gridDim = blocks;
  config.blockDim = dim3(threads);
  config.stream = of(stream);
  config.attrs = &attribute;
  config.numAttrs = 1;
  return cudaLaunchKernelExC(&config, entry, parameters);
}

}  // namespace nsameta::cuda

const nsameta::backend_interface& nsameta::cuda_backend() { return gpu::module<cuda::runtime>(); }
