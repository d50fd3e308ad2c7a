/// The byte ranges of a call's buffers, to find an overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "buffers.h"

namespace nsameta {

struct byte_range {
  std::uintptr_t begin, end;
  const char* name;
};

/// `bytes`: a power of two.
inline bool misaligned(const void* data, std::int64_t bytes) noexcept {
  return (reinterpret_cast<std::uintptr_t>(data) & static_cast<std::uintptr_t>(bytes - 1)) != 0;
}

/// Makes the range of `count` elements at `data`; false when it would leave the address space.
inline bool make_range(const void* data, std::int64_t count, std::int64_t bytes_each, const char* name,
                       byte_range* range) noexcept {
  std::uintptr_t bytes = 0;
  range->begin = reinterpret_cast<std::uintptr_t>(data);
  range->name = name;
  return !__builtin_mul_overflow(count, bytes_each, &bytes) &&
         !__builtin_add_overflow(range->begin, bytes, &range->end);
}

/// Ranges of one call: all inputs are added before the first output. Inputs may overlap each other.
class byte_ranges {
 public:
  void add_input(const byte_range& range) noexcept {
    if (add(range)) inputs_ = count_;
  }
  void add_output(const byte_range& range) noexcept { add(range); }

  struct meeting {
    const char* output;  ///< null: no two ranges meet that must not
    const char* other;
    const void* at;      ///< the first byte they share
  };

  meeting overlap() const noexcept {
    if (ascending_) return {};
    for (std::size_t later = inputs_; later < count_; ++later) {
      // Counted without a branch per pair: whatever the order of the buffers, the loop costs the same.
      unsigned hits = 0;
      for (std::size_t earlier = 0; earlier < later; ++earlier) hits += meet(earlier, later);
      if (hits != 0) [[unlikely]] return first_meeting(later);
    }
    return {};
  }

 private:
  bool add(const byte_range& range) noexcept {
    if (range.begin == range.end) return false;
    // Buffers mostly come in the order they were allocated in: then this one comparison is the whole test.
    ascending_ = ascending_ && (count_ == 0 || range.begin >= ranges_[count_ - 1].end);
    ranges_[count_++] = range;
    return true;
  }
  bool meet(std::size_t a, std::size_t b) const noexcept {
    return (ranges_[a].begin < ranges_[b].end) & (ranges_[b].begin < ranges_[a].end);
  }
  meeting first_meeting(std::size_t later) const noexcept {
    std::size_t earlier = 0;
    while (!meet(earlier, later)) ++earlier;
    const std::uintptr_t at = std::max(ranges_[earlier].begin, ranges_[later].begin);
    return {ranges_[later].name, ranges_[earlier].name, reinterpret_cast<const void*>(at)};
  }

  std::array<byte_range, max_buffers + 1> ranges_;  // one more: the workspace
  std::size_t count_ = 0, inputs_ = 0;
  bool ascending_ = true;
};

}  // namespace nsameta
