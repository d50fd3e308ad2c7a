/// One number for all outputs, the same on every backend and platform.
#pragma once

#include <cstdint>
#include <string>

#include "harness/live_shape.h"

namespace nsameta::harness {

/// 64-bit FNV-1a, fed whole 64-bit words in place of bytes, with the upper half folded down after every word. Changing
/// any one element changes the sum for certain; it is no protection against intent.
class digest {
 public:
  void add(std::int64_t word) {
    sum_ = (sum_ ^ static_cast<std::uint64_t>(word)) * 0x100000001b3u;
    sum_ ^= sum_ >> 32;
  }

  /// Adds every live element, each field and each row of a table led by its place in the list and its size. Elements of
  /// vectors count by value, so int32 and int64 outputs that agree give one digest. Host memory.
  void add(const nsameta_outputs& outputs, const live_shape& shape);

  /// The same over whole capacities: what stands beyond the live elements counts too.
  void add_whole(const nsameta_outputs& outputs);

  std::uint64_t value() const { return sum_; }
  std::string text() const;  ///< 16 hexadecimal digits

 private:
  std::uint64_t sum_ = 0xcbf29ce484222325u;
};

}  // namespace nsameta::harness
