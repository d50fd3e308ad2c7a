/// The HIP backend: the kernels, their launch, and its table.
#include "backends.h"
#include "gpu/kernels.h"
#include "gpu/module.h"
#include "hip/runtime.h"
#include "hip/thread_context.h"

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

template <class K>
__global__ void __launch_bounds__(K::block_threads) entry(const typename K::arguments arguments) {
  __shared__ typename K::shared shared;
  thread_context self;
  K::run(self, in_place(arguments), shared);
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

}  // namespace

runtime::error runtime::load(int kernel) {
  hipFuncAttributes attributes;
  return hipFuncGetAttributes(&attributes, kernel_of(kernel).entry);
}

runtime::error runtime::launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
  const auto [entry, threads] = kernel_of(kernel);
  const dim3 blocks(static_cast<unsigned>(shape.blocks), static_cast<unsigned>(shape.sets));
  void* parameters[] = {const_cast<void*>(arguments)};
  return hipLaunchKernel(entry, blocks, dim3(threads), parameters, 0, of(stream));
}

}  // namespace nsameta::hip

const nsameta::backend_interface& nsameta::hip_backend() { return gpu::module<hip::runtime>(); }
