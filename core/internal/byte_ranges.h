/// The bytes of a call's buffers, to find an overlap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "buffers.h"

namespace nsameta {

/// Runs of `run` bytes, one every `stride` bytes, of which the last ends at `end`. A buffer without gaps is one run.
struct byte_range {
  std::uintptr_t begin, end;
  const char* name;
  std::uintptr_t run, stride;

  bool empty() const noexcept { return begin == end; }
  /// Whether the other has a byte between the first and the last.
  bool crosses(const byte_range& other) const noexcept { return begin < other.end && other.begin < end; }
};

/// Makes the range of `count` elements at `data`; false when it would leave the address space.
inline bool make_range(const void* data, std::int64_t count, std::int64_t bytes_each, const char* name,
                       byte_range* range) noexcept {
  constexpr std::uintptr_t most = std::numeric_limits<std::ptrdiff_t>::max() / 2;  // what GPU kernels count to
  std::uintptr_t bytes = 0;
  range->begin = reinterpret_cast<std::uintptr_t>(data);
  range->name = name;
  if (__builtin_mul_overflow(count, bytes_each, &bytes) || bytes > most ||
      __builtin_add_overflow(range->begin, bytes, &range->end))
    return false;
  range->run = range->stride = bytes;
  return true;
}

/// The range of a buffer that was validated.
inline byte_range range_of(const buffer& shown, const void* data) noexcept {
  byte_range range;
  make_range(data, shown.bytes, 1, shown.name, &range);
  range.run = static_cast<std::uintptr_t>(shown.run);
  range.stride = static_cast<std::uintptr_t>(shown.stride);
  return range;
}

/// The address of the first byte that two ranges, neither of them empty, share; 0 when they share none. In steps by the
/// logarithm of a stride, however many runs they have.
std::uintptr_t first_shared_byte(const byte_range& a, const byte_range& b) noexcept;

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
    if (range.empty()) return;
    std::size_t place = count_;
    for (; place > 0 && sorted_[place - 1].begin > range.begin; --place) sorted_[place] = sorted_[place - 1];
    sorted_[place] = range;
    ++count_;
    // As long as no two cross, those that cross a new one are its neighbours.
    crossing_ |= (place > 0 && sorted_[place - 1].end > range.begin) ||
                 (place + 1 < count_ && sorted_[place + 1].begin < range.end);
    if (crossing_) [[unlikely]]
      compare(place);
  }

  /// Inputs may share memory with each other, not with an output.
  void check_input(const byte_range& range) noexcept {
    if (range.empty() || count_ == 0 || range.end <= sorted_[0].begin) return;
    for (std::size_t i = count_; i > 0 && (crossing_ || sorted_[i - 1].end > range.begin); --i) {
      if (sorted_[i - 1].crosses(range)) [[unlikely]]
        record(sorted_[i - 1], range);
    }
  }

  const overlap& found() const noexcept { return found_; }

 private:
  /// Holds a new output against all the others.
  [[gnu::cold]] void compare(std::size_t place) noexcept {
    for (std::size_t i = 0; i < count_; ++i)
      if (i != place && sorted_[i].crosses(sorted_[place])) record(sorted_[place], sorted_[i]);
  }

  [[gnu::cold]] void record(const byte_range& output, const byte_range& other) noexcept {
    if (found_.output != nullptr) return;
    if (const std::uintptr_t shared = first_shared_byte(output, other))
      found_ = {output.name, other.name, shared - other.begin};
  }

  std::array<byte_range, most_buffers> sorted_;
  std::size_t count_ = 0;
  bool crossing_ = false;  // two of them have bytes between each other's
  overlap found_{};
};

}  // namespace nsameta
