/// The CUDA backend: the kernels, their launch, and its table.
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
    fill_kernel(const __grid_constant__ gpu::fill_arguments<gpu::kernel_of<index>.work.max_sets> arguments) {
  __shared__ gpu::block_memory<gpu::kernel_of<index>.block_threads> shared;
  lane self;
  gpu::fill_block<index>(self, arguments, shared);
}

template <int... index>
const void* entry_of(int kernel, std::integer_sequence<int, index...>) {
  static const void* const entries[] = {reinterpret_cast<const void*>(fill_kernel<index>)...};
  return entries[kernel];
}

const void* entry_of(int kernel) { return entry_of(kernel, std::make_integer_sequence<int, gpu::kernel_count>()); }

}  // namespace

runtime::error runtime::load(int kernel) {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, entry_of(kernel));
}

runtime::error runtime::launch(int kernel, int blocks, const void* arguments, void* stream) {
  const int threads = gpu::kernel_at(kernel).block_threads;
  void* parameters[] = {const_cast<void*>(arguments)};
  return cudaLaunchKernel(entry_of(kernel), dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads)),
                          parameters, 0, of(stream));
}

}  // namespace nsameta::cuda

const nsameta::backend_interface& nsameta::cuda_backend() { return gpu::module<cuda::runtime>(); }
