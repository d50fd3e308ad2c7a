/// What DLPack shares between libraries, beyond the tensor that nanobind declares.
#pragma once

#include <cstdint>

#include <nanobind/ndarray.h>

namespace nsameta::python {

using tensor = nanobind::dlpack::dltensor;

/// A type's `__dlpack_c_exchange_api__` (DLPack 1.3): its tensors for the price of a C call, where `__dlpack__` is a
/// method and a capsule. The major version stands for the layout.
struct exchange_table {
  static constexpr const char* capsule = "dlpack_exchange_api";
  static constexpr std::uint32_t known_major = 1;

  struct {
    std::uint32_t major, minor;
  } version;
  const exchange_table* older;
  void* allocate;
  void* managed_from_object;
  void* object_from_managed;
  /// Borrows: what it shows lives as long as the object, unchanged. May be null.
  int (*tensor_from_object)(void* object, tensor* out);
  int (*current_stream)(std::int32_t device_type, std::int32_t device, void** out);
};

/// Codes of a tensor's device and element type.
enum device_type : std::int32_t {
  dl_cpu = 1,
  dl_cuda = 2,
  dl_cuda_host = 3,
  dl_rocm = 10,
  dl_rocm_host = 11,
  dl_cuda_managed = 13
};

}  // namespace nsameta::python
