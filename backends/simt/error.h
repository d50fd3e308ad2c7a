/// What the virtual devices refuse, after the errors of the real ones.
#pragma once

#include <string>
#include <utility>

namespace nsameta::simt {

enum class error {
  none,
  invalid_value,
  invalid_device,
  invalid_stream,  ///< of another device than the current one
  out_of_memory,
  kernel_fault,         ///< the kernel broke the rules of the device layer
  capture_unsupported,  ///< the call cannot be part of a capture; it spoils the one in progress
  capture_invalidated,  ///< an earlier call spoiled the capture
  capture_already_begun,
  capture_not_begun
};

/// The calling thread's last error, and what its last faulty kernel did.
inline thread_local error last_error = error::none;
inline thread_local std::string last_fault;

/// A sentence; for kernel_fault, with what the calling thread's last faulty kernel did. Valid until its next fault.
inline const char* text_of(error e) {
  static constexpr const char* texts[] = {"no error",  // in the enum's order
                                          "invalid value",
                                          "invalid device ordinal",
                                          "the stream belongs to another device",
                                          "out of memory",
                                          "the kernel broke the rules",
                                          "operation not permitted while a stream is capturing",
                                          "an earlier operation invalidated the capture",
                                          "a stream of this thread is capturing already",
                                          "this thread began no capture on the stream"};
  return e == error::kernel_fault ? last_fault.c_str() : texts[static_cast<int>(e)];
}

/// Makes `e` the calling thread's last error, unless it is `none`, and returns it.
inline error record(error e) {
  if (e != error::none) last_error = e;
  return e;
}
/// As record(error::kernel_fault), with what the kernel did.
inline error record_fault(std::string what) {
  last_fault = std::move(what);
  return record(error::kernel_fault);
}

}  // namespace nsameta::simt
