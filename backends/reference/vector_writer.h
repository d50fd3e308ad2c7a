/// Writing into an output vector: absent ones and elements beyond the capacity are skipped, sums that do not fit
/// saturate.
#pragma once

#include <cstdint>
#include <limits>

#include "nsameta/nsameta.h"

namespace nsameta::reference {

/// Sums are exact in it whatever the lengths hold.
__extension__ typedef __int128 wide;

class vector_writer {
 public:
  vector_writer(const nsameta_vector& out, std::int32_t& status) : out_(out), status_(status) {}

  /// Elements that can be written; 0 for an absent output.
  std::int64_t capacity() const { return out_.data != nullptr ? out_.capacity : 0; }

  void put(std::int64_t i, wide value) {
    if (i >= capacity()) return;
    if (out_.dtype == NSAMETA_INT64) {
      constexpr wide most = std::numeric_limits<std::int64_t>::max();
      static_cast<std::int64_t*>(out_.data)[i] = static_cast<std::int64_t>(value < most ? value : most);
      return;
    }
    constexpr wide most = std::numeric_limits<std::int32_t>::max();
    if (value > most) status_ |= NSAMETA_BIT_CU_OVERFLOW;
    static_cast<std::int32_t*>(out_.data)[i] = static_cast<std::int32_t>(value < most ? value : most);
  }

  /// What stands at `i`, which was written before.
  std::int64_t get(std::int64_t i) const {
    if (out_.dtype == NSAMETA_INT64) return static_cast<const std::int64_t*>(out_.data)[i];
    return static_cast<const std::int32_t*>(out_.data)[i];
  }

 private:
  const nsameta_vector& out_;
  std::int32_t& status_;
};

}  // namespace nsameta::reference
