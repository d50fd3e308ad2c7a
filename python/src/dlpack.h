/// The part of DLPack that is read here, as its header lays it out. No Python.
#pragma once

#include <cstdint>

namespace nsameta::python {

struct device_place {
  std::int32_t type;  ///< a dlpack_device
  std::int32_t index;
};

struct element_type {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};

struct tensor {
  void* data;
  device_place device;
  std::int32_t dimensions;
  element_type type;
  std::int64_t* shape;
  std::int64_t* strides;  ///< elements; null: without gaps
  std::uint64_t byte_offset;
};

struct dlpack_version {
  static constexpr std::uint32_t known_major = 1;  ///< stands for the layout
  static constexpr std::uint32_t known_minor = 3;

  std::uint32_t major, minor;
};

/// What a capsule of DLPack 1.0 and later holds; before, it begins with the tensor.
struct versioned_tensor {
  static constexpr const char* capsule = "dltensor_versioned";
  static constexpr const char* older_capsule = "dltensor";
  static constexpr std::uint64_t read_only = 1, copied = 2;

  dlpack_version version;
  void* context;
  void (*deleter)(versioned_tensor*);
  std::uint64_t flags;
  tensor shown;
};

/// A type's `__dlpack_c_exchange_api__` (DLPack 1.3): its tensors for the price of a C call, where `__dlpack__` is a
/// method and a capsule.
struct exchange_table {
  static constexpr const char* capsule = "dlpack_exchange_api";

  dlpack_version version;
  const exchange_table* older;
  void* allocate;
  void* managed_from_object;
  void* object_from_managed;
  /// Borrows: what it shows lives as long as the object, unchanged. May be null.
  int (*tensor_from_object)(void* object, tensor* out);
  int (*current_stream)(std::int32_t device_type, std::int32_t device, void** out);
};

enum dlpack_device : std::int32_t {
  dl_cpu = 1,
  dl_cuda = 2,
  dl_cuda_host = 3,
  dl_rocm = 10,
  dl_rocm_host = 11,
  dl_cuda_managed = 13
};

/// Of a device that is none of dlpack_device; null: nobody knows.
inline const char* device_type_name(std::int32_t type) {
  switch (type) {
    case 4:
      return "OpenCL";
    case 7:
      return "Vulkan";
    case 8:
      return "Metal";
    case 9:
      return "VPI";
    case 12:
      return "extension";
    case 14:
      return "oneAPI";
    case 15:
      return "WebGPU";
    case 16:
      return "Hexagon";
    case 17:
      return "MAIA";
    case 18:
      return "Trainium";
    default:
      return nullptr;
  }
}

}  // namespace nsameta::python
