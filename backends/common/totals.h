/// What a run of requests adds up to: the monoid of every prefix sum in the library.
#pragma once

#include <cstdint>

#include "common/annotations.h"

namespace nsameta {

struct totals {
  std::int64_t tokens;       ///< query tokens on all ranks; below 2^63: 2^31 for each of fewer than 2^31 requests
  std::int64_t kv_len;       ///< of cache_seqlens; likewise
  std::int64_t clamped;      ///< of the rows' clamped lengths; saturates at 2^63 - 1
  std::int64_t table_units;  ///< of page-table work, see page_tables.h; saturates likewise
  std::int32_t kept;         ///< requests that have per-request outputs
  std::uint32_t bits;        ///< nsameta_status_bit, or-ed
};

/// Which of the totals a walk asks for. The others stay 0 and cost nothing.
struct wanted_totals {
  bool tokens = false, kv_len = false, clamped = false, table_units = false, kept = false, bits = false;
};
inline constexpr wanted_totals every_total{true, true, true, true, true, true};

/// a + b for non-negative sums, 2^63 - 1 in place of more. Associative, so every backend's order of adding agrees.
NSAMETA_HOST_DEVICE std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  constexpr std::uint64_t most = 0x7fffffffffffffffu;
  const std::uint64_t sum = static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b);
  return static_cast<std::int64_t>(sum < most ? sum : most);
}

NSAMETA_HOST_DEVICE totals operator+(const totals& a, const totals& b) {
  return {a.tokens + b.tokens, a.kv_len + b.kv_len, saturating_add(a.clamped, b.clamped),
          saturating_add(a.table_units, b.table_units), a.kept + b.kept, a.bits | b.bits};
}

}  // namespace nsameta
