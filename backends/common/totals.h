/// What a run of requests adds up to: the monoid of every prefix sum in the library.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/annotations.h"

namespace nsameta {

/// `N` is int64, in which only `clamped` and `table_units` can reach the end, or int32, in which all sums end at
/// 2^31 - 1, as they do in int32 outputs.
template <class N>
struct basic_totals {
  N tokens;            ///< query tokens on all ranks
  N kv_len;            ///< of cache_seqlens
  N clamped;           ///< of the rows' clamped lengths
  N table_units;       ///< of page-table work, see page_tables.h
  std::int32_t kept;   ///< requests that have per-request outputs
  std::uint32_t bits;  ///< nsameta_status_bit, or-ed
};
using totals = basic_totals<std::int64_t>;

/// Which of the totals a walk asks for. The others stay 0 and cost nothing.
struct wanted_totals {
  bool tokens = false, kv_len = false, clamped = false, table_units = false, kept = false, bits = false;
};
inline constexpr wanted_totals every_total{true, true, true, true, true, true};

/// a + b for non-negative numbers, the largest there is in place of more. Associative, so every backend's order of
/// adding agrees.
template <class N>
NSAMETA_HOST_DEVICE N saturating_add(N a, N b) {
  using bits = std::make_unsigned_t<N>;
  constexpr bits most = static_cast<bits>(-1) / 2;
  const bits sum = static_cast<bits>(a) + static_cast<bits>(b);
  return static_cast<N>(sum < most ? sum : most);
}

template <class N>
NSAMETA_HOST_DEVICE basic_totals<N> operator+(const basic_totals<N>& a, const basic_totals<N>& b) {
  return {saturating_add(a.tokens, b.tokens),
          saturating_add(a.kv_len, b.kv_len),
          saturating_add(a.clamped, b.clamped),
          saturating_add(a.table_units, b.table_units),
          a.kept + b.kept,
          a.bits | b.bits};
}

}  // namespace nsameta
