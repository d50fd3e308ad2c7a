#include "messages.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <system_error>

namespace nsameta::cli {
namespace {

/// Bytes of the UTF-8 character at the front that a terminal shows; 0 if there is none.
std::size_t shown_bytes(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return byte(0) >= ' ' && byte(0) != 0x7f ? 1 : 0;
  const std::size_t bytes = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return byte(0) == 0xc2 && byte(1) < 0xa0 ? 0 : bytes;  // control characters of two bytes
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t bytes = shown_bytes(text);
    if (bytes == 0) {
      char code[5];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(text[0]));
      shown += code;
    }
    shown += text.substr(0, bytes);
    text.remove_prefix(std::max<std::size_t>(bytes, 1));
  }
  return shown;
}

void complain(std::string_view what) { std::cerr << "nsameta: " << printable(what) << '\n'; }

std::string json_text(const harness::json& object, int indent) {
  return object.dump(indent, ' ', false, harness::json::error_handler_t::replace);
}

std::string system_reason(int error) { return std::generic_category().message(error); }

}  // namespace nsameta::cli
