/// The runtime shim on NVIDIA GPUs.
#pragma once

#include <cuda_runtime.h>

#include <cstdio>

#define NSAMETA_VENDOR(name) cuda##name
#include "built_archs.h"
#include "common/vendor_runtime.h"
#include "gpu/runtime.h"

namespace nsameta::cuda {

struct runtime : vendor_runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_CUDA;
  static constexpr const char* name = "cuda";

  static const char* version() {
    static char text[32];
    static const int length =
        std::snprintf(text, sizeof text, "CUDA %d.%d", CUDART_VERSION / 1000, CUDART_VERSION % 1000 / 10);
    return length > 0 ? text : "";
  }
  static const char* error_text(error e) {
    return e == cudaErrorInsufficientDriver ? driver_text() : cudaGetErrorString(e);
  }
  static bool is_out_of_memory(error e) { return e == cudaErrorMemoryAllocation; }

  static error describe(int device, nsameta_device_info& info) {
    cudaDeviceProp properties;
    if (const error e = cudaGetDeviceProperties(&properties, device); e != success) return e;
    std::snprintf(info.name, sizeof info.name, "%s", properties.name);
    std::snprintf(info.architecture, sizeof info.architecture, "sm_%d%d", properties.major, properties.minor);
    info.multiprocessors = properties.multiProcessorCount;
    info.warp_width = properties.warpSize;
    info.memory_bytes = static_cast<std::int64_t>(properties.totalGlobalMem);
    info.has_code = has_code(properties.major * 10 + properties.minor) ? 1 : 0;
    return success;
  }

  static error locate(const void* pointer, memory_place& place) {
    cudaPointerAttributes attributes;
    if (const error e = cudaPointerGetAttributes(&attributes, pointer); e != success) return e;
    place.device = attributes.device;
    const cudaMemoryType type = attributes.type;
    place.kind = type == cudaMemoryTypeDevice                                  ? memory_kind::device
                 : type == cudaMemoryTypeHost || type == cudaMemoryTypeManaged ? memory_kind::host_reachable
                                                                               : memory_kind::unknown;
    return success;
  }

  static error load(int kernel);
  static error launch(int kernel, gpu::launch_shape, const void* arguments, void* stream);

  static error end_capture(void* stream, void*& graph) {
    cudaGraph_t captured = nullptr;
    if (const error e = cudaStreamEndCapture(of(stream), &captured); e != success) return e;
    cudaGraphExec_t ready = nullptr;
    const beside_captures guard;
    const error e = cudaGraphInstantiate(&ready, captured, 0);
    cudaGraphDestroy(captured);
    graph = ready;
    return e;
  }

 private:
  /// CUDA has one error for a driver that is missing and one that is too old.
  static const char* driver_text() {
    static char text[96];
    static const int length = [] {
      int driver = 0;
      cudaDriverGetVersion(&driver);
      if (driver == 0) return std::snprintf(text, sizeof text, "no NVIDIA driver; this was built with %s", version());
      return std::snprintf(text, sizeof text,
                           "the NVIDIA driver is too old: it is for CUDA %d.%d, this was built with %s", driver / 1000,
                           driver % 1000 / 10, version());
    }();
    return length > 0 ? text : "";
  }

  /// Machine code runs on its own major version, from its minor version up; PTX, made for the newest architecture of
  /// the list, on that one and all later.
  static bool has_code(int capability) {
    constexpr int built[] = {NSAMETA_BUILT_ARCHS};
    for (const int one : built)
      if (one / 10 == capability / 10 && one <= capability) return true;
    return built[sizeof built / sizeof built[0] - 1] <= capability;
  }
};

}  // namespace nsameta::cuda
