/// The runtime shim on AMD GPUs. Only public calls of libamdhip64.
#pragma once

#include <hip/hip_runtime.h>

#include <cstdio>
#include <cstring>

#include "built_archs.h"
#include "gpu/runtime.h"

namespace nsameta::hip {

struct runtime {
  using error = hipError_t;
  static constexpr error success = hipSuccess;
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_HIP;
  static constexpr const char* name = "hip";

  static const char* version() {
    static char text[32];
    static const int length =
        std::snprintf(text, sizeof text, "HIP %d.%d.%d", HIP_VERSION_MAJOR, HIP_VERSION_MINOR, HIP_VERSION_PATCH);
    return length > 0 ? text : "";
  }
  static const char* error_text(error e) { return hipGetErrorString(e); }
  static bool is_out_of_memory(error e) { return e == hipErrorOutOfMemory; }
  static nsameta_backend_state probe_state(error e) {
    return e == hipErrorNoDevice ? NSAMETA_BACKEND_NO_DEVICE : NSAMETA_BACKEND_NO_DRIVER;
  }

  static error device_count(int& count) { return hipGetDeviceCount(&count); }
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
  static error get_device(int& device) { return hipGetDevice(&device); }
  static error set_device(int device) { return hipSetDevice(device); }
  static error pending_error() { return hipPeekAtLastError(); }
  static error clear_error() { return hipGetLastError(); }

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

  static error is_capturing(void* stream, bool& capturing) {
    hipStreamCaptureStatus status = hipStreamCaptureStatusNone;
    const error e = hipStreamIsCapturing(of(stream), &status);
    capturing = status != hipStreamCaptureStatusNone;
    return e;
  }
  static error allocate(std::size_t bytes, void*& memory) { return hipMalloc(&memory, bytes); }
  static error release(void* memory) { return hipFree(memory); }
  static error copy(void* to, const void* from, std::size_t bytes, void* stream) {
    return hipMemcpyAsync(to, from, bytes, hipMemcpyDefault, of(stream));
  }
  static error synchronize(void* stream) { return hipStreamSynchronize(of(stream)); }
  static error create_stream(void*& stream) {
    hipStream_t created = nullptr;
    const error e = hipStreamCreateWithFlags(&created, hipStreamNonBlocking);
    stream = created;
    return e;
  }
  static error destroy_stream(void* stream) { return hipStreamDestroy(of(stream)); }

  /// A capture in global mode, as most are, forbids all threads some calls, and a forbidden call breaks it.
  class beside_captures {
   public:
    beside_captures() { exchange(); }
    ~beside_captures() { exchange(); }
    beside_captures(const beside_captures&) = delete;
    beside_captures& operator=(const beside_captures&) = delete;

   private:
    void exchange() { (void)hipThreadExchangeStreamCaptureMode(&other_); }
    hipStreamCaptureMode other_ = hipStreamCaptureModeRelaxed;  // the one that is not in force
  };

  /// Global mode: the strictest, so that a fill that is safe here is safe in every engine's capture.
  static error begin_capture(void* stream) { return hipStreamBeginCapture(of(stream), hipStreamCaptureModeGlobal); }
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
  static error launch_graph(void* graph, void* stream) {
    return hipGraphLaunch(static_cast<hipGraphExec_t>(graph), of(stream));
  }
  static error destroy_graph(void* graph) { return hipGraphExecDestroy(static_cast<hipGraphExec_t>(graph)); }

 private:
  /// Machine code runs on exactly the architecture it was made for.
  static bool has_code(const char* architecture) {
    constexpr const char* built[] = {NSAMETA_BUILT_ARCHS};
    for (const char* one : built)
      if (std::strcmp(one, architecture) == 0) return true;
    return false;
  }

  static hipStream_t of(void* stream) { return static_cast<hipStream_t>(stream); }

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
