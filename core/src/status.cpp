#include "status.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace nsameta {
namespace {

constexpr std::size_t sentence_bytes = 1024;
thread_local char sentence[sentence_bytes] = "";

}  // namespace

nsameta_status fail(nsameta_status status, const char* format, ...) noexcept {
  char text[sentence_bytes];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::memcpy(sentence, text, std::strlen(text) + 1);
  return status;
}

}  // namespace nsameta

const char* nsameta_last_error(void) { return nsameta::sentence; }

const char* nsameta_status_name(nsameta_status status) {
  switch (status) {
    case NSAMETA_OK:
      return "ok";
    case NSAMETA_INVALID_ARGUMENT:
      return "invalid_argument";
    case NSAMETA_UNSUPPORTED:
      return "unsupported";
    case NSAMETA_INVALID_OVERRIDE:
      return "invalid_override";
    case NSAMETA_BACKEND_UNAVAILABLE:
      return "backend_unavailable";
    case NSAMETA_NOT_WARMED_UP:
      return "not_warmed_up";
    case NSAMETA_CAPTURE_REFUSED:
      return "capture_refused";
    case NSAMETA_DEVICE_ERROR:
      return "device_error";
    case NSAMETA_OUT_OF_MEMORY:
      return "out_of_memory";
    case NSAMETA_INTERNAL_ERROR:
      return "internal_error";
  }
  return "unknown_status";
}
