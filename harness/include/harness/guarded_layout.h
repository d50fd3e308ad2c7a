/// Where arrays stand in one block of memory, apart from each other, so that an access beside one of them shows.
#pragma once

#include <cstddef>
#include <vector>

namespace nsameta::harness {

/// What stands beside an array. On a GPU, canaries always.
enum class guard {
  /// Patterns of 256 bytes and more: a write shows afterwards, and what is read is a value that nobody gave.
  canaries,
  /// Protected pages on both sides, the array flush with the one behind it: the access itself ends the process, after
  /// a line that names the array. Its alignment is no more than its elements need.
  page_behind,
  /// The same, flush with the page before it, but for its misalignment.
  page_before
};

/// page_behind and page_before, from call to call.
guard pages_in_turn();

/// What guards hold that are no protected pages. Reads as a length of more than a billion.
inline constexpr std::byte guard_pattern{0x5b};

/// An array and its share of the space between arrays. Offsets in bytes.
struct guarded_array {
  const char* name;
  std::size_t first, begin, end, last;  ///< [begin, end) is the array; [first, last) exists, and holds the pattern

  bool operator==(const guarded_array&) const = default;
};

class guarded_layout {
 public:
  explicit guarded_layout(guard kind);

  /// Appends an array. `misalignment`: bytes past a 256-byte boundary; page_behind has its own.
  void add(const char* name, std::size_t bytes, std::size_t misalignment = 0);

  guard kind() const { return kind_; }
  const std::vector<guarded_array>& arrays() const { return arrays_; }
  std::size_t bytes() const { return bytes_; }

  /// Calls `visit(begin, end)` for each stretch between protected pages.
  template <class Visit>
  void for_each_stretch(Visit&& visit) const {
    for (std::size_t i = 0; i < arrays_.size();) {
      const std::size_t begin = arrays_[i].first;
      std::size_t end = arrays_[i++].last;
      while (i < arrays_.size() && arrays_[i].first == end) end = arrays_[i++].last;
      if (begin != end) visit(begin, end);
    }
  }

  bool operator==(const guarded_layout&) const = default;

 private:
  guard kind_;
  std::vector<guarded_array> arrays_;
  std::size_t bytes_;
};

}  // namespace nsameta::harness
