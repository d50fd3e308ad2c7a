/// Walks over runs of requests: adding them up, and writing cache_seqlens, cu_seqlens_k and cu_seqlens_q.
#pragma once

#include "common/batch.h"
#include "common/stores.h"

namespace nsameta {

/// Totals of requests [begin, end), `before` which these stand.
template <class Batch>
inline totals add_requests(const Batch& batch, std::int64_t begin, std::int64_t end, totals before) {
  totals sum{};
  for (std::int64_t i = begin; i < end; ++i) {
    const totals own = batch.totals_of(i, batch.load(i, before));
    before.tokens += own.tokens;  // all that load() asks of what stands before
    sum = sum + own;
  }
  return sum;
}

/// Writes the fields of requests [begin, end), which `before` precedes; returns the totals through them.
template <class Batch>
inline totals write_request_fields(const Batch& batch, std::int64_t begin, std::int64_t end, totals before) {
  const nsameta_outputs& out = batch.out;
  for (std::int64_t i = begin; i < end; ++i) {
    const totals own = batch.totals_of(i, batch.load(i, before));
    if (own.kept != 0) {
      if (present(out.cache_seqlens)) store_value(out.cache_seqlens, before.kept, own.kv_len);
      if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, before.kept, before.kv_len);
      if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, before.kept, batch.rows(before));
    }
    before = before + own;
  }
  return before;
}

}  // namespace nsameta
