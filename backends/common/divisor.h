/// Division by a number that the host knows, as a multiplication: a 64-bit division takes a GPU some hundred
/// instructions.
#pragma once

#include <cstdint>

#include "common/annotations.h"

namespace nsameta {

/// Exact for dividends in [0, 2^63): with 2^(shift - 1) < value <= 2^shift, `multiplier` is 2^(63 + shift) / value, and
/// rounding it up adds less than 1 / value to a quotient.
struct divisor {
  __extension__ typedef unsigned __int128 wide_product;
  std::int64_t value;  ///< at least 1
  std::uint64_t multiplier;
  std::int32_t shift;

  /// On the host: the only place that divides.
  static divisor of(std::int64_t value) {
    divisor made{value, 0, 0};
    while (made.shift < 62 && std::int64_t{1} << made.shift < value) ++made.shift;
    const auto whole = static_cast<wide_product>(1) << (63 + made.shift);
    made.multiplier =
        static_cast<std::uint64_t>((whole + static_cast<wide_product>(value - 1)) / static_cast<wide_product>(value));
    return made;
  }

  NSAMETA_HOST_DEVICE std::int64_t quotient(std::int64_t dividend) const {
    const auto twice = static_cast<std::uint64_t>(dividend) * 2;
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(wide_product{twice} * multiplier >> 64) >> shift);
  }
  NSAMETA_HOST_DEVICE std::int64_t remainder(std::int64_t dividend) const {
    return dividend - quotient(dividend) * value;
  }
};

/// The same for dividends in [0, 2^31): one product. `multiplier` is 2^(31 + shift) / value, rounded up.
struct small_divisor {
  std::int32_t value;  ///< at least 1
  std::uint32_t multiplier;
  std::int32_t shift;

  /// On the host: the only place that divides.
  static small_divisor of(std::int32_t value) {
    small_divisor made{value, 0, 0};
    while (std::int64_t{1} << made.shift < value) ++made.shift;
    const std::uint64_t whole = std::uint64_t{1} << (31 + made.shift);
    made.multiplier =
        static_cast<std::uint32_t>((whole + static_cast<std::uint32_t>(value) - 1) / static_cast<std::uint32_t>(value));
    return made;
  }

  NSAMETA_HOST_DEVICE std::int32_t quotient(std::int32_t dividend) const {
    return static_cast<std::int32_t>(std::uint64_t{static_cast<std::uint32_t>(dividend)} * multiplier >> (31 + shift));
  }
  NSAMETA_HOST_DEVICE bool is_power_of_two() const { return value == 1 << shift; }
  /// Of any dividend, rounded down.
  NSAMETA_HOST_DEVICE std::int32_t floor(std::int32_t dividend) const {
    const std::int32_t sign = dividend >> 31;
    return quotient(dividend ^ sign) ^ sign;
  }
};

NSAMETA_HOST_DEVICE divisor divide_by_one() { return {1, std::uint64_t{1} << 63, 0}; }

}  // namespace nsameta
