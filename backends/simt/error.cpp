#include "simt/error.h"

#include <utility>

namespace nsameta::simt {
namespace {

thread_local error last = error::none;
thread_local std::string fault;

}  // namespace

const char* text_of(error e) {
  switch (e) {
    case error::none:
      return "no error";
    case error::invalid_value:
      return "invalid value";
    case error::invalid_device:
      return "invalid device ordinal";
    case error::invalid_stream:
      return "the stream belongs to another device";
    case error::out_of_memory:
      return "out of memory";
    case error::kernel_fault:
      return fault.c_str();
    case error::capture_unsupported:
      return "operation not permitted while a stream is capturing";
    case error::capture_invalidated:
      return "an earlier operation invalidated the capture";
    case error::capture_already_begun:
      return "a stream of this thread is capturing already";
    case error::capture_not_begun:
      return "this thread began no capture on the stream";
  }
  return "unknown error";
}

error record(error e) {
  if (e != error::none) last = e;
  return e;
}

error record_fault(std::string what) {
  fault = std::move(what);
  return record(error::kernel_fault);
}

error last_error() { return last; }

error take_last_error() { return std::exchange(last, error::none); }

}  // namespace nsameta::simt
