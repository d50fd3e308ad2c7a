#include "status.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "validation.h"
#include "words.h"

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
  make_printable(text);
  std::memcpy(sentence, text, std::strlen(text) + 1);
  return status;
}

}  // namespace nsameta

const char* nsameta_last_error(void) { return nsameta::sentence; }

const char* nsameta_status_name(nsameta_status status) {
  static constexpr const char* names[] = {"ok",
                                          "invalid_argument",
                                          "unsupported",
                                          "invalid_override",
                                          "backend_unavailable",
                                          "not_warmed_up",
                                          "capture_refused",
                                          "device_error",
                                          "out_of_memory",
                                          "internal_error"};
  static_assert(std::size(names) == NSAMETA_INTERNAL_ERROR + 1);
  const int number = nsameta::raw_value(status);
  return number >= 0 && number <= NSAMETA_INTERNAL_ERROR ? names[number] : "unknown_status";
}
