/// What a run of requests adds up to: the monoid of every prefix sum in the library.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "common/request.h"
#include "common/rules.h"

namespace nsameta {

struct totals {
  std::int64_t rows;     ///< below 2^63: 2^31 rows for each of fewer than 2^32 requests
  std::int64_t kv_len;   ///< of cache_seqlens; likewise
  std::int64_t clamped;  ///< sum of the rows' clamped lengths; saturates at 2^63 - 1
  std::uint32_t bits;    ///< nsameta_status_bit, or-ed
};

/// a + b for non-negative sums, 2^63 - 1 in place of more. Associative, so every backend's order of adding agrees.
NSAMETA_HOST_DEVICE std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  constexpr std::uint64_t most = 0x7fffffffffffffffu;
  const std::uint64_t sum = static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b);
  return static_cast<std::int64_t>(sum < most ? sum : most);
}

NSAMETA_HOST_DEVICE totals operator+(const totals& a, const totals& b) {
  return {a.rows + b.rows, a.kv_len + b.kv_len, saturating_add(a.clamped, b.clamped), a.bits | b.bits};
}

/// What one request adds.
template <class Rule>
NSAMETA_HOST_DEVICE totals totals_of(const Rule& rule, const request& r) {
  return {r.rows, rule.local(r.kv_len), rule.sum(r.first, r.rows), r.bits};
}

}  // namespace nsameta
