/// The per-request outputs: cache_seqlens, cu_seqlens_k, cu_seqlens_q.
#pragma once

#include "common/stores.h"
#include "common/totals.h"

namespace nsameta::cpu {

/// Totals of requests [begin, end).
template <class Rule>
totals add_requests(const nsameta_problem& problem, const Rule& rule, std::int64_t begin, std::int64_t end) {
  totals sum{};
  for (std::int64_t i = begin; i < end; ++i) sum = sum + totals_of(rule, load_request(problem, i));
  return sum;
}

/// Writes the fields of requests [begin, end), which `before` precedes; returns the totals through them.
template <class Rule>
totals write_request_fields(const nsameta_problem& problem, const nsameta_outputs& out, const Rule& rule,
                            std::int64_t begin, std::int64_t end, totals before) {
  for (std::int64_t i = begin; i < end; ++i) {
    const totals own = totals_of(rule, load_request(problem, i));
    if (present(out.cache_seqlens)) store_value(out.cache_seqlens, i, own.kv_len);
    if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, i, before.kv_len);
    if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, i, before.rows);
    before = before + own;
  }
  return before;
}

}  // namespace nsameta::cpu
