#include "tested_runtime.h"
#include "virtual_gpu.h"

namespace nsameta::test {

template <>
struct vendor_errors<virtual_gpu> {
  static constexpr auto device = simt::error::invalid_value, out_of_memory = simt::error::out_of_memory,
                        callers = simt::error::invalid_device;
};

tested_runtime simt_runtime() { return tested_runtime_of<virtual_gpu>(); }

}  // namespace nsameta::test
