/// What the runtimes of NVIDIA and AMD call alike but for a prefix. Who includes this defines NSAMETA_VENDOR(name),
/// which puts the prefix before a name: no function or template can. The namespace is the prefix itself.
#pragma once

#include <cstddef>

#include "backend.h"

namespace nsameta::NSAMETA_VENDOR() {

struct vendor_runtime {
  using error = NSAMETA_VENDOR(Error_t);
  static constexpr error success = NSAMETA_VENDOR(Success);

  static const char* error_text(error e) { return NSAMETA_VENDOR(GetErrorString)(e); }
  static nsameta_backend_state probe_state(error e) {
    return e == NSAMETA_VENDOR(ErrorNoDevice) ? NSAMETA_BACKEND_NO_DEVICE : NSAMETA_BACKEND_NO_DRIVER;
  }

  static error device_count(int& count) { return NSAMETA_VENDOR(GetDeviceCount)(&count); }
  static error get_device(int& device) { return NSAMETA_VENDOR(GetDevice)(&device); }
  static error set_device(int device) { return NSAMETA_VENDOR(SetDevice)(device); }
  static error pending_error() { return NSAMETA_VENDOR(PeekAtLastError)(); }
  static error clear_error() { return NSAMETA_VENDOR(GetLastError)(); }

  static error is_capturing(void* stream, bool& capturing) {
    auto status = NSAMETA_VENDOR(StreamCaptureStatusNone);
    const error e = NSAMETA_VENDOR(StreamIsCapturing)(of(stream), &status);
    capturing = status != NSAMETA_VENDOR(StreamCaptureStatusNone);
    return e;
  }
  static error allocate(std::size_t bytes, void*& memory) { return NSAMETA_VENDOR(Malloc)(&memory, bytes); }
  static error release(void* memory) { return NSAMETA_VENDOR(Free)(memory); }
  static error copy(void* to, const void* from, std::size_t bytes, void* stream) {
    return NSAMETA_VENDOR(MemcpyAsync)(to, from, bytes, NSAMETA_VENDOR(MemcpyDefault), of(stream));
  }
  static error synchronize(void* stream) { return NSAMETA_VENDOR(StreamSynchronize)(of(stream)); }
  static error create_stream(void*& stream) {
    NSAMETA_VENDOR(Stream_t) created = nullptr;
    const error e = NSAMETA_VENDOR(StreamCreateWithFlags)(&created, NSAMETA_VENDOR(StreamNonBlocking));
    stream = created;
    return e;
  }
  static error destroy_stream(void* stream) { return NSAMETA_VENDOR(StreamDestroy)(of(stream)); }

  /// A capture in global mode, as most are, forbids all threads some calls, and a forbidden call breaks it.
  class beside_captures {
   public:
    beside_captures() { exchange(); }
    ~beside_captures() { exchange(); }
    beside_captures(const beside_captures&) = delete;
    beside_captures& operator=(const beside_captures&) = delete;

   private:
    void exchange() { (void)NSAMETA_VENDOR(ThreadExchangeStreamCaptureMode)(&other_); }
    NSAMETA_VENDOR(StreamCaptureMode) other_ = NSAMETA_VENDOR(StreamCaptureModeRelaxed);  // not the one in force
  };

  /// Global mode: the strictest, so that a fill that is safe here is safe in every engine's capture.
  static error begin_capture(void* stream) {
    return NSAMETA_VENDOR(StreamBeginCapture)(of(stream), NSAMETA_VENDOR(StreamCaptureModeGlobal));
  }
  static error launch_graph(void* graph, void* stream) {
    return NSAMETA_VENDOR(GraphLaunch)(static_cast<NSAMETA_VENDOR(GraphExec_t)>(graph), of(stream));
  }
  static error destroy_graph(void* graph) {
    return NSAMETA_VENDOR(GraphExecDestroy)(static_cast<NSAMETA_VENDOR(GraphExec_t)>(graph));
  }

 protected:
  static NSAMETA_VENDOR(Stream_t) of(void* stream) { return static_cast<NSAMETA_VENDOR(Stream_t)>(stream); }
};

}  // namespace nsameta::NSAMETA_VENDOR()
