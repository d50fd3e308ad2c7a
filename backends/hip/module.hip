/// The HIP module: the kernels, their launch, and the entry that the loader looks up.
#include <utility>

#include "gpu/fill_kernel.h"
#include "gpu/module.h"
#include "hip/lane.h"
#include "hip/runtime.h"

namespace nsameta::hip {
namespace {

template <int index>
__global__ void __launch_bounds__(gpu::kernels[index].block_threads)
    fill_kernel(const gpu::fill_arguments arguments) {
  __shared__ gpu::block_memory<gpu::kernels[index].block_threads> shared;
  lane self;
  gpu::fill_block<index>(self, arguments, shared);
}

template <int... index>
const void* kernel_at(int wanted, std::integer_sequence<int, index...>) {
  static const void* const kernels[] = {reinterpret_cast<const void*>(fill_kernel<index>)...};
  return kernels[wanted];
}

const void* kernel_at(int index) { return kernel_at(index, std::make_integer_sequence<int, gpu::kernel_count>()); }

}  // namespace

runtime::error runtime::load(int kernel) {
  hipFuncAttributes attributes;
  return hipFuncGetAttributes(&attributes, kernel_at(kernel));
}

runtime::error runtime::launch(int kernel, int blocks, const gpu::fill_arguments& arguments, void* stream) {
  const int threads = gpu::kernels[kernel].block_threads;
  void* parameters[] = {const_cast<gpu::fill_arguments*>(&arguments)};
  return hipLaunchKernel(kernel_at(kernel), dim3(static_cast<unsigned>(blocks)), dim3(static_cast<unsigned>(threads)),
                         parameters, 0, of(stream));
}

}  // namespace nsameta::hip

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry() {
  return &nsameta::gpu::module<nsameta::hip::runtime>();
}
