/// Numbers that wrap, saturate or are compared, on the host and in kernels.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/annotations.h"

namespace nsameta {

inline constexpr std::int64_t int32_max = 2147483647;

template <class A, class B>
NSAMETA_HOST_DEVICE auto smaller(A a, B b) {
  return a < b ? a : b;
}
template <class A, class B>
NSAMETA_HOST_DEVICE auto larger(A a, B b) {
  return a > b ? a : b;
}

/// Floor of log2 of a number above 0.
NSAMETA_HOST_DEVICE constexpr int log2_of(std::int32_t number) {
  int log2 = 0;
  for (int bit = 16; bit > 0; bit /= 2)
    if (number >> log2 >> bit > 0) log2 += bit;
  return log2;
}

/// a + b where a request without rows may leave the range: nobody looks at it then.
template <class N>
NSAMETA_HOST_DEVICE N wrapping_add(N a, N b) {
  using bits = std::make_unsigned_t<N>;
  return static_cast<N>(static_cast<bits>(a) + static_cast<bits>(b));
}

/// a + b for non-negative numbers, the largest there is in place of more. Associative, so every backend's order of
/// adding agrees.
template <class N>
NSAMETA_HOST_DEVICE N saturating_add(N a, N b) {
  using bits = std::make_unsigned_t<N>;
  constexpr bits most = static_cast<bits>(-1) / 2;
  const bits sum = static_cast<bits>(a) + static_cast<bits>(b);
  return static_cast<N>(sum < most ? sum : most);
}

/// a * b for non-negative numbers below 2^31 or, as int64, tiles and rows that fit it; the largest there is in place of
/// more.
template <class Number>
NSAMETA_HOST_DEVICE Number saturating_product(Number a, Number b) {
  const std::int64_t product = std::int64_t{a} * b;
  constexpr auto most = static_cast<Number>(static_cast<std::make_unsigned_t<Number>>(-1) / 2);
  return product < most ? static_cast<Number>(product) : most;
}

NSAMETA_HOST_DEVICE std::int32_t saturated_int32(std::int64_t sum) {
  return static_cast<std::int32_t>(sum < int32_max ? sum : int32_max);
}

/// A length without the drafts that were not accepted. Within int64 for any length: below its middle only that counts.
NSAMETA_HOST_DEVICE std::int64_t committed_length(std::int64_t length, std::int64_t rejected) {
  const std::int64_t far = -(std::int64_t{1} << 62);
  return larger(length, far) - smaller(larger(rejected, std::int64_t{0}), std::int64_t{int32_max});
}

}  // namespace nsameta
