/// The HIP backend: the kernels, their launch, and its table.
#include <utility>

#include "gpu/fill_kernel.h"
#include "gpu/module.h"
#include "hip/backend.h"
#include "hip/lane.h"
#include "hip/runtime.h"

namespace nsameta::hip {
namespace {

/// The arguments where they lie. Taken by name and then indexed, they would be copied to scratch memory first.
template <class Arguments>
__device__ const Arguments& in_place(const Arguments& arguments) {
#if defined(__AMDGCN__)
  (void)arguments;
  return *(const Arguments*)__builtin_amdgcn_kernarg_segment_ptr();  // from one address space to another
#else
  return arguments;
#endif
}

template <int index>
__global__ void __launch_bounds__(gpu::kernel_of<index>.block_threads)
    fill_kernel(const gpu::arguments_of<index> arguments) {
  __shared__ gpu::memory_of<index> shared;
  lane self;
  gpu::fill_block<index>(self, in_place(arguments), shared);
}

template <int... index>
const void* entry_of(int kernel, std::integer_sequence<int, index...>) {
  static const void* const entries[] = {reinterpret_cast<const void*>(fill_kernel<index>)...};
  return entries[kernel];
}

const void* entry_of(int kernel) { return entry_of(kernel, std::make_integer_sequence<int, gpu::kernel_count>()); }

}  // namespace

runtime::error runtime::load(int kernel) {
  hipFuncAttributes attributes;
  return hipFuncGetAttributes(&attributes, entry_of(kernel));
}

runtime::error runtime::launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
  const int threads = gpu::kernel_at(kernel).block_threads;
  void* parameters[] = {const_cast<void*>(arguments)};
  const dim3 blocks(static_cast<unsigned>(shape.blocks));
  return hipLaunchKernel(entry_of(kernel), blocks, dim3(static_cast<unsigned>(threads)), parameters, 0, of(stream));
}

}  // namespace nsameta::hip

const nsameta::backend_interface& nsameta::hip_backend() { return gpu::module<hip::runtime>(); }
