/// The byte ranges of a call's buffers, to find an overlap.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "buffers.h"

namespace nsameta {

struct byte_range {
  std::uintptr_t begin, end;
  const char* name;
};

/// Makes the range of `count` elements at `data`; false when it would leave the address space.
inline bool make_range(const void* data, std::int64_t count, std::int64_t bytes_each, const char* name,
                       byte_range* range) noexcept {
  constexpr std::uintptr_t most = std::numeric_limits<std::ptrdiff_t>::max();
  std::uintptr_t bytes = 0;
  range->begin = reinterpret_cast<std::uintptr_t>(data);
  range->name = name;
  return !__builtin_mul_overflow(count, bytes_each, &bytes) && bytes <= most &&
         !__builtin_add_overflow(range->begin, bytes, &range->end);
}

/// Two buffers that share a byte and must not.
struct overlap {
  const char* output;  ///< null: there is none
  const char* other;
  std::uintptr_t byte;  ///< of the other, the first that they share
};

/// The ranges of one call's outputs, kept sorted. A process fills the same buffers over and over, in the same order, so
/// the branches of the insertion are well predicted: it costs about as much as the loop over the outputs that feeds it.
class output_ranges {
 public:
  /// Call once per output; the first overlap is kept.
  void add(const byte_range& range) noexcept {
    if (range.begin == range.end) return;
    std::size_t place = count_;
    for (; place > 0 && sorted_[place - 1].begin > range.begin; --place) sorted_[place] = sorted_[place - 1];
    sorted_[place] = range;
    if (place > 0 && sorted_[place - 1].end > range.begin) [[unlikely]]
      note(range, sorted_[place - 1]);
    if (place < count_ && sorted_[place + 1].begin < range.end) [[unlikely]]
      note(range, sorted_[place + 1]);
    ++count_;
  }

  /// Inputs may share memory with each other, not with an output.
  void check_input(const byte_range& range) noexcept {
    if (range.begin == range.end || count_ == 0 || range.end <= sorted_[0].begin) return;
    for (std::size_t i = count_; i > 0 && sorted_[i - 1].end > range.begin; --i) {
      if (sorted_[i - 1].begin < range.end) [[unlikely]]
        note(sorted_[i - 1], range);
    }
  }

  const overlap& found() const noexcept { return found_; }

 private:
  void note(const byte_range& output, const byte_range& other) noexcept {
    if (found_.output != nullptr) return;
    found_ = {output.name, other.name, std::max(output.begin, other.begin) - other.begin};
  }

  std::array<byte_range, output_count> sorted_;
  std::size_t count_ = 0;
  overlap found_{};
};

}  // namespace nsameta
