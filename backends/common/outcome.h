/// What stands once per fill: the last element of each sum, T, and the status word.
#pragma once

#include "common/extents.h"
#include "common/locate.h"

namespace nsameta {

NSAMETA_HOST_DEVICE bool overflows(const nsameta_vector& vector, std::int64_t sum) {
  return present(vector) && vector.dtype == NSAMETA_INT32 && sum > int32_max;
}

NSAMETA_HOST_DEVICE bool exceeds(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) && elements > vector.capacity;
}

/// The status word of a whole fill. Sums only grow along an array, so the last element written tells whether any
/// saturated.
template <class Starts>
NSAMETA_HOST_DEVICE std::uint32_t status_bits(const nsameta_problem& problem, const nsameta_outputs& out,
                                              const segment_index<Starts>& segments, const totals& all) {
  const std::int64_t rows = all.rows;
  const bool exceeded = exceeds(out.seqlens_expanded, rows) || exceeds(out.nsa_cache_seqlens, rows) ||
                        exceeds(out.nsa_cu_seqlens_k, rows + 1) || exceeds(out.nsa_cu_seqlens_q, rows + 1) ||
                        exceeds(out.indexer_ks, rows) || exceeds(out.indexer_ke, rows) ||
                        exceeds(out.token_to_batch, rows);
  bool overflow = overflows(out.cu_seqlens_k, all.kv_len) || overflows(out.cu_seqlens_q, rows) ||
                  overflows(out.total_rows, rows) ||
                  overflows(out.nsa_cu_seqlens_q, smaller(rows, out.nsa_cu_seqlens_q.capacity - 1));
  if (exceeds(out.nsa_cu_seqlens_k, rows + 1)) {
    const std::int64_t last = out.nsa_cu_seqlens_k.capacity - 1;
    if (last > 0 && out.nsa_cu_seqlens_k.dtype == NSAMETA_INT32) {
      const located_request at = locate(problem, segments, last);
      overflow |= saturating_add(at.before.clamped, clamped_prefix(at.value, last - at.before.rows,
                                                                   problem.index_topk)) > int32_max;
    }
  } else {
    overflow |= overflows(out.nsa_cu_seqlens_k, all.clamped);
  }
  if (const std::int64_t last = writable(out.indexer_ks, rows) - 1; last >= 0)
    overflow |= locate(problem, segments, last).before.kv_len > int32_max;
  if (const std::int64_t last = writable(out.indexer_ke, rows) - 1; last >= 0) {
    const located_request at = locate(problem, segments, last);
    overflow |= at.before.kv_len + larger(0, at.value.first + last - at.before.rows) > int32_max;
  }
  std::uint32_t bits = all.bits;
  if (exceeded) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (overflow) bits |= NSAMETA_BIT_CU_OVERFLOW;
  return bits;
}

NSAMETA_HOST_DEVICE void store_last_sum(const nsameta_vector& vector, std::int64_t index, std::int64_t sum) {
  if (present(vector) && index < vector.capacity) store_sum(vector, index, sum);
}

template <class Starts>
NSAMETA_HOST_DEVICE void write_outcome(const nsameta_problem& problem, const nsameta_outputs& out,
                                       const segment_index<Starts>& segments, const totals& all) {
  store_last_sum(out.cu_seqlens_k, problem.batch_size, all.kv_len);
  store_last_sum(out.cu_seqlens_q, problem.batch_size, all.rows);
  store_last_sum(out.nsa_cu_seqlens_k, all.rows, all.clamped);
  store_last_sum(out.nsa_cu_seqlens_q, all.rows, all.rows);
  if (present(out.total_rows)) store_value(out.total_rows, 0, all.rows);
  if (present(out.status))
    static_cast<std::uint32_t*>(out.status.data)[0] = status_bits(problem, out, segments, all);
}

}  // namespace nsameta
