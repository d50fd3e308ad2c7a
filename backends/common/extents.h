/// How far the outputs reach: rows that can be written, and elements beyond the live ones.
#pragma once

#include <cstdint>

#include "common/batch.h"
#include "common/stores.h"

namespace nsameta {

template <class A, class B>
NSAMETA_HOST_DEVICE auto smaller(A a, B b) {
  return a < b ? a : b;
}
template <class A, class B>
NSAMETA_HOST_DEVICE auto larger(A a, B b) {
  return a > b ? a : b;
}

/// Elements of a row vector that can be written: 0 when it is absent.
NSAMETA_HOST_DEVICE std::int64_t writable(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) ? smaller(vector.capacity, elements) : 0;
}

/// Rows that at least one output takes.
NSAMETA_HOST_DEVICE std::int64_t rows_to_write(const nsameta_outputs& out, std::int64_t rows) {
  std::int64_t most = writable(out.seqlens_expanded, rows);
  most = larger(most, writable(out.nsa_cache_seqlens, rows));
  most = larger(most, writable(out.nsa_cu_seqlens_k, rows));
  most = larger(most, writable(out.nsa_cu_seqlens_q, rows));
  most = larger(most, writable(out.indexer_ks, rows));
  most = larger(most, writable(out.indexer_ke, rows));
  return larger(most, writable(out.token_to_batch, rows));
}

/// Calls `set(vector, live, value)` for each vector of requests that has a tail rule: elements [live, capacity) become
/// `value`.
template <class Batch, class Set>
NSAMETA_HOST_DEVICE void for_each_request_tail(const Batch& batch, const typename Batch::totals_type& all, Set set) {
  const nsameta_outputs& out = batch.out;
  if (out.vector_tail == NSAMETA_TAIL_KEEP) return;
  set(out.cache_seqlens, all.kept, 0);
  set(out.cu_seqlens_k, std::int64_t{all.kept} + 1, all.kv_len);
  set(out.cu_seqlens_q, std::int64_t{all.kept} + 1, batch.rows(all));
}

/// The same for the vectors of rows.
template <class Batch, class Set>
NSAMETA_HOST_DEVICE void for_each_row_tail(const Batch& batch, const typename Batch::totals_type& all, Set set) {
  const nsameta_outputs& out = batch.out;
  if (out.vector_tail == NSAMETA_TAIL_KEEP) return;
  const std::int64_t rows = batch.rows(all);
  set(out.seqlens_expanded, rows, 0);
  set(out.nsa_cache_seqlens, rows, 0);
  set(out.nsa_cu_seqlens_k, rows + 1, all.clamped);
  set(out.nsa_cu_seqlens_q, rows + 1, rows);
}

}  // namespace nsameta
