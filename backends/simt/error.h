/// What the virtual devices refuse, after the errors of the real ones.
#pragma once

#include <string>

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

/// A sentence; for kernel_fault, with what the calling thread's last faulty kernel did. Valid until its next fault.
const char* text_of(error e);

/// Makes `e` the calling thread's last error, unless it is `none`, and returns it.
error record(error e);
/// As record(error::kernel_fault), with what the kernel did.
error record_fault(std::string what);
/// The calling thread's last error: read it, or read and reset it.
error last_error();
error take_last_error();

}  // namespace nsameta::simt
