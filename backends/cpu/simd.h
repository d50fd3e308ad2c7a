/// Vectors of 32-bit integers, in the compiler's own portable form: each function that uses them is compiled for as
/// many lanes as its instruction set has. No function takes or returns one by value, so that no calling convention
/// depends on the set.
#pragma once

#include <cstdint>

namespace nsameta::cpu {

template <int count>
struct simd {
  static constexpr int bytes = count * 4;
  using ints [[gnu::vector_size(bytes)]] = std::int32_t;
  using words [[gnu::vector_size(bytes)]] = std::uint32_t;  ///< for sums that may wrap
  using pairs [[gnu::vector_size(bytes)]] = std::uint64_t;
  using loose [[gnu::vector_size(bytes), gnu::aligned(4), gnu::may_alias]] = std::int32_t;  ///< anywhere in memory
};

template <int count>
[[gnu::always_inline]] inline void set_iota(typename simd<count>::words& vector) {
  for (int lane = 0; lane < count; ++lane) vector[lane] = static_cast<std::uint32_t>(lane);
}

/// Adds to each lane all lanes before it.
template <int count>
[[gnu::always_inline]] inline void sum_lanes(typename simd<count>::words& vector) {
  static_assert(count == 4 || count == 8);
  const typename simd<count>::words zero{};
  if constexpr (count == 4) {
    vector += __builtin_shufflevector(zero, vector, 0, 4, 5, 6);
    vector += __builtin_shufflevector(zero, vector, 0, 1, 4, 5);
  } else {  // within the halves, then the lower half's total to the upper: crossing halves costs more
    vector += __builtin_shufflevector(zero, vector, 0, 8, 9, 10, 0, 12, 13, 14);
    vector += __builtin_shufflevector(zero, vector, 0, 1, 8, 9, 0, 1, 12, 13);
    vector += __builtin_shufflevector(zero, vector, 0, 0, 0, 0, 11, 11, 11, 11);
  }
}

/// Sets every lane to the last.
template <int count>
[[gnu::always_inline]] inline void spread_last(typename simd<count>::words& vector) {
  if constexpr (count == 4)
    vector = __builtin_shufflevector(vector, vector, 3, 3, 3, 3);
  else
    vector = __builtin_shufflevector(vector, vector, 7, 7, 7, 7, 7, 7, 7, 7);
}

/// Whether any lane of a comparison's result is set.
template <int count>
[[gnu::always_inline]] inline bool any_set(const typename simd<count>::ints& comparison) {
  const auto set = reinterpret_cast<typename simd<count>::pairs>(comparison);
  std::uint64_t any = 0;
  for (int pair = 0; pair < count / 2; ++pair) any |= set[pair];
  return any != 0;
}

}  // namespace nsameta::cpu
