/// Memory that shows what was written to it, and beside it.
#pragma once

#include <cstdint>
#include <vector>

#include "running.h"

namespace nsameta::test {

/// Elements of either width, between two guards. Stays where it is: views point into it.
class guarded_buffer {
 public:
  guarded_buffer(std::int64_t capacity, nsameta_dtype dtype) : capacity_(capacity), dtype_(dtype) {
    const std::size_t size = static_cast<std::size_t>(capacity + 2 * guard);
    if (dtype == NSAMETA_INT64)
      wide_.assign(size, untouched);
    else
      narrow_.assign(size, untouched);
  }
  guarded_buffer(const guarded_buffer&) = delete;

  void* data() { return dtype_ == NSAMETA_INT64 ? static_cast<void*>(wide_.data() + guard) : narrow_.data() + guard; }
  std::int64_t get(std::int64_t i) const {
    const std::size_t at = static_cast<std::size_t>(i + guard);
    return dtype_ == NSAMETA_INT64 ? wide_[at] : narrow_[at];
  }
  void set(std::int64_t i, std::int64_t value) {
    const std::size_t at = static_cast<std::size_t>(i + guard);
    if (dtype_ == NSAMETA_INT64)
      wide_[at] = value;
    else
      narrow_[at] = static_cast<std::int32_t>(value);
  }
  /// Elements from `first` on, up to the last written one of `count`.
  ints written(std::int64_t first, std::int64_t count) const {
    ints out;
    for (std::int64_t i = 0; i < count; ++i) out.push_back(get(first + i));
    while (!out.empty() && out.back() == untouched) out.pop_back();
    return out;
  }
  bool guards_intact() const { return written(-guard, guard).empty() && written(capacity_, guard).empty(); }
  ints all() const {
    ints out;
    for (std::int64_t i = -guard; i < capacity_ + guard; ++i) out.push_back(get(i));
    return out;
  }

 private:
  static constexpr std::int64_t guard = 8;
  std::int64_t capacity_;
  nsameta_dtype dtype_;
  std::vector<std::int32_t> narrow_;
  std::vector<std::int64_t> wide_;
};

}  // namespace nsameta::test
