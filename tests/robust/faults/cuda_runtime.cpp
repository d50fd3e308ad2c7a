#include "cuda/runtime.h"

#include "tested_runtime.h"

namespace nsameta::test {

template <>
struct vendor_errors<cuda::runtime> {
  static constexpr auto device = cudaErrorUnknown, out_of_memory = cudaErrorMemoryAllocation,
                        callers = cudaErrorInvalidDevice;
};

tested_runtime cuda_runtime() { return tested_runtime_of<cuda::runtime>(); }

}  // namespace nsameta::test
