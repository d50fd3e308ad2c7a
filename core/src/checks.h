/// What the checks of arguments have in common.
#pragma once

#include <algorithm>
#include <cinttypes>
#include <cstdint>
#include <cstdio>

#include "byte_ranges.h"
#include "status.h"
#include "validation.h"

namespace nsameta {

inline constexpr nsameta_status bad = NSAMETA_INVALID_ARGUMENT;

/// The values that an argument may have, for the message that says so: "decode (0), extend (3)". Cut to fit, and
/// without allocating: messages are made wherever a check fails.
class name_list {
 public:
  void add(const char* name) noexcept {
    const int written = std::snprintf(text_ + end_, sizeof text_ - end_, "%s%s", end_ == 0 ? "" : ", ", name);
    end_ = std::min(end_ + static_cast<std::size_t>(std::max(written, 0)), sizeof text_ - 1);
  }
  void add(const char* name, int number) noexcept {
    char numbered[64];
    std::snprintf(numbered, sizeof numbered, "%s (%d)", name, number);
    add(numbered);
  }
  const char* text() const noexcept { return text_; }

 private:
  char text_[512] = "";
  std::size_t end_ = 0;
};

/// `bytes`: a power of two.
[[gnu::always_inline]] inline nsameta_status check_alignment(const char* name, const void* data, std::int64_t bytes) {
  const auto past = static_cast<int>(reinterpret_cast<std::uintptr_t>(data) & static_cast<std::uintptr_t>(bytes - 1));
  if (past == 0) [[likely]]
    return NSAMETA_OK;
  return fail(bad, "%s is not aligned to its elements of %" PRId64 " bytes: it begins %d past", name, bytes, past);
}

[[gnu::always_inline]] inline nsameta_status check_elements(const char* name, const void* data,
                                                            const nsameta_dtype& dtype) {
  const int type = raw_value(dtype);
  const bool wide = type == NSAMETA_INT64;
  if (!wide && type != NSAMETA_INT32) [[unlikely]]
    return fail(bad, "%s.dtype is %d, neither int32 (0) nor int64 (1)", name, type);
  return check_alignment(name, data, wide ? 8 : 4);
}

/// Checks the plans of a set of outputs, and adds their buffers to `ranges`. `p` is a validated problem.
nsameta_status check_plans(const nsameta_problem& p, const nsameta_outputs& o, output_ranges* ranges);

}  // namespace nsameta
