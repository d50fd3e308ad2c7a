/// What a run of requests adds up to: the monoid of the CPU's prefix sums.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/annotations.h"

namespace nsameta {

/// Only `clamped` and `table_units` can reach the end of int64.
struct totals {
  std::int64_t tokens;       ///< query tokens on all ranks
  std::int64_t kv_len;       ///< of cache_seqlens
  std::int64_t clamped;      ///< of the rows' clamped lengths
  std::int64_t table_units;  ///< of page-table work, see page_tables.h
  std::int32_t kept;         ///< requests that have per-request outputs
  std::uint32_t bits;        ///< nsameta_status_bit, or-ed
};

/// a + b for non-negative numbers, the largest there is in place of more. Associative, so every backend's order of
/// adding agrees.
template <class N>
NSAMETA_HOST_DEVICE N saturating_add(N a, N b) {
  using bits = std::make_unsigned_t<N>;
  constexpr bits most = static_cast<bits>(-1) / 2;
  const bits sum = static_cast<bits>(a) + static_cast<bits>(b);
  return static_cast<N>(sum < most ? sum : most);
}

inline totals operator+(const totals& a, const totals& b) {
  return {a.tokens + b.tokens,
          a.kv_len + b.kv_len,
          saturating_add(a.clamped, b.clamped),
          saturating_add(a.table_units, b.table_units),
          a.kept + b.kept,
          a.bits | b.bits};
}

}  // namespace nsameta
