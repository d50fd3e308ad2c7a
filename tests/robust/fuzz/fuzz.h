/// What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput, which ends the process when something
/// is wrong: libFuzzer calls it with inputs that it makes, replay.cpp with those of the corpus.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "nsameta/nsameta.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace nsameta::test {

[[noreturn]] inline void found(const std::string& what) {
  std::fprintf(stderr, "found: %s\n", what.c_str());
  std::abort();
}

inline void require(bool holds, const char* what) {
  if (!holds) found(what);
}

/// A status that is none of the interface's, or that comes without its sentence, is a find.
inline void require_sound(nsameta_status status, const char* call) {
  if (status == NSAMETA_OK) return;
  if (std::string_view(nsameta_status_name(status)) == "unknown_status")
    found(std::string(call) + " returns " + std::to_string(static_cast<int>(status)));
  if (status == NSAMETA_INTERNAL_ERROR || *nsameta_last_error() == 0)
    found(std::string(call) + " returns " + nsameta_status_name(status) + ": \"" + nsameta_last_error() + "\"");
}

/// Reads an input from its front; zeros follow its end.
class byte_reader {
 public:
  explicit byte_reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::span<const std::uint8_t> rest() const { return rest_; }

  template <class Number>
  Number take() {
    Number number{};
    const std::size_t bytes = std::min(sizeof number, rest_.size());
    if (bytes > 0) std::memcpy(&number, rest_.data(), bytes);  // data() may be null where nothing is left
    rest_ = rest_.subspan(bytes);
    return number;
  }

  /// The next `bytes` of them, or what is left, as a reader of their own.
  byte_reader part(std::size_t bytes) {
    const auto cut = rest_.first(std::min(bytes, rest_.size()));
    rest_ = rest_.subspan(cut.size());
    return byte_reader(cut);
  }

  /// One byte, folded into [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + take<std::uint8_t>() % (high - low + 1); }
  bool flag() { return (take<std::uint8_t>() & 1) != 0; }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace nsameta::test
