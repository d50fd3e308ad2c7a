/// The CUDA module: the kernels, their launch, and the entry that the loader looks up.
#include "cuda/lane.h"
#include "cuda/runtime.h"
#include "gpu/fill_kernel.h"
#include "gpu/module.h"

namespace nsameta::cuda {
namespace {

template <int block_threads>
__global__ void __launch_bounds__(block_threads) fill_kernel(const __grid_constant__ gpu::fill_arguments arguments) {
  __shared__ gpu::block_memory<block_threads> shared;
  lane self;
  gpu::fill_block<lane, block_threads>(self, arguments, shared);
}

using kernel = void (*)(gpu::fill_arguments);
constexpr kernel kernels[gpu::variant_count] = {fill_kernel<gpu::variants[0].block_threads>,
                                                fill_kernel<gpu::variants[1].block_threads>};

}  // namespace

runtime::error runtime::load(int variant) {
  cudaFuncAttributes attributes;
  return cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(kernels[variant]));
}

runtime::error runtime::launch(int variant, int blocks, const gpu::fill_arguments& arguments, void* stream) {
  const int threads = gpu::variants[static_cast<std::size_t>(variant)].block_threads;
  void* parameters[] = {const_cast<gpu::fill_arguments*>(&arguments)};
  return cudaLaunchKernel(reinterpret_cast<const void*>(kernels[variant]), dim3(static_cast<unsigned>(blocks)),
                          dim3(static_cast<unsigned>(threads)), parameters, 0, of(stream));
}

}  // namespace nsameta::cuda

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry() {
  return &nsameta::gpu::module<nsameta::cuda::runtime>();
}
