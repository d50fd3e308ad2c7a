/// The runtime shim on AMD GPUs. Only public calls of libamdhip64.
#pragma once

#include <hip/hip_runtime.h>

#include <cstdio>
#include <cstring>

#define NSAMETA_VENDOR(name) hip##name
#include "built_archs.h"
#include "common/vendor_runtime.h"
#include "gpu/runtime.h"

namespace nsameta::hip {

struct runtime : vendor_runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_HIP;
  static constexpr const char* name = "hip";

  static const char* version() {
    static char text[32];
    static const int length =
        std::snprintf(text, sizeof text, "HIP %d.%d.%d", HIP_VERSION_MAJOR, HIP_VERSION_MINOR, HIP_VERSION_PATCH);
    return length > 0 ? text : "";
  }
  static bool is_out_of_memory(error e) { return e == hipErrorOutOfMemory; }

  static error describe(int device, nsameta_device_info& info) {
    hipDeviceProp_t properties;
    if (const error e = hipGetDeviceProperties(&properties, device); e != success) return e;
    std::snprintf(info.name, sizeof info.name, "%.255s", properties.name);
    // Up to the first feature suffix, such as ":sramecc+".
    const std::size_t length = std::strcspn(properties.gcnArchName, ":");
    std::snprintf(info.architecture, sizeof info.architecture, "%.*s", static_cast<int>(length < 31 ? length : 31),
                  properties.gcnArchName);
    info.multiprocessors = properties.multiProcessorCount;
    info.warp_width = properties.warpSize;
    info.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
    info.has_code = has_code(info.architecture) ? 1 : 0;
    return success;
  }

  static error locate(const void* pointer, memory_place& place) {
    const error pending = hipPeekAtLastError();
    hipPointerAttribute_t attributes{};
    const error e = hipPointerGetAttributes(&attributes, pointer);
    if (e == hipErrorInvalidValue) {  // how this runtime says that it does not know the pointer
      if (pending == success) (void)hipGetLastError();
      place = {memory_kind::unknown, 0};
      return success;
    }
    if (e != success) return e;
    place.device = attributes.device;
    const hipMemoryType type = memory_type(attributes);
    place.kind = type == hipMemoryTypeDevice                         ? memory_kind::device
                 : type == hipMemoryTypeHost || attributes.isManaged ? memory_kind::host_reachable
                                                                     : memory_kind::unknown;
    return success;
  }

  static error load(int kernel);
  static error launch(int kernel, gpu::launch_shape, const void* arguments, void* stream);

  static error end_capture(void* stream, void*& graph) {
    hipGraph_t captured = nullptr;
    if (const error e = hipStreamEndCapture(of(stream), &captured); e != success) return e;
    hipGraphExec_t ready = nullptr;
    const beside_captures guard;
    const error e = hipGraphInstantiate(&ready, captured, nullptr, nullptr, 0);
    (void)hipGraphDestroy(captured);
    graph = ready;
    return e;
  }

 private:
  /// Machine code runs on exactly the architecture it was made for.
  static bool has_code(const char* architecture) {
    constexpr const char* built[] = {NSAMETA_BUILT_ARCHS};
    for (const char* one : built)
      if (std::strcmp(one, architecture) == 0) return true;
    return false;
  }

  /// The member was renamed in HIP 6.
  template <class Attributes>
  static hipMemoryType memory_type(const Attributes& attributes) {
    if constexpr (requires { attributes.memoryType; })
      return attributes.memoryType;
    else
      return attributes.type;
  }
};

}  // namespace nsameta::hip
