/// What stands once per fill: the last element of each sum, T, and the status word.
#pragma once

#include "common/extents.h"

namespace nsameta {

NSAMETA_HOST_DEVICE bool overflows(const nsameta_vector& vector, std::int64_t sum) {
  return present(vector) && vector.dtype == NSAMETA_INT32 && sum > int32_max;
}

NSAMETA_HOST_DEVICE bool exceeds(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) && elements > vector.capacity;
}

NSAMETA_HOST_DEVICE bool exceeds(const nsameta_table& table, std::int64_t rows) {
  return table.data != nullptr && rows > table.rows;
}

NSAMETA_HOST_DEVICE bool any_capacity_exceeded(const nsameta_outputs& out, std::int64_t rows, std::int64_t table_rows) {
  bool exceeded = exceeds(out.page_table_1, table_rows) || exceeds(out.real_page_table, table_rows);
  for_each_vector(out, [&](const nsameta_vector& vector, auto field) {
    if constexpr (field.per_row) exceeded = exceeded || exceeds(vector, rows + field.added);
  });
  return exceeded;
}

/// The last row written of the arrays whose sums end inside the batch: of nsa_cu_seqlens_k, if it is cut (0),
/// indexer_ks (1) and indexer_ke (2); below 0: none. No array, which an index would put into a GPU's memory.
inline constexpr int last_row_count = 3;
NSAMETA_HOST_DEVICE std::int64_t last_row_written(const nsameta_outputs& out, std::int64_t rows, int which) {
  if (which > 0) return writable(which == 1 ? out.indexer_ks : out.indexer_ke, rows) - 1;
  return (exceeds(out.nsa_cu_seqlens_k, rows + 1) ? out.nsa_cu_seqlens_k.capacity : 0) - 1;
}

/// Whether a written int32 sum saturated. Sums only grow along an array, so the last element written tells.
/// `locate(i, row)` gives the located_request that holds last_row_written() number i, which is `row`. The batch counts
/// in int64.
template <class Batch, class Locate>
NSAMETA_HOST_DEVICE bool any_sum_overflowed(const Batch& batch, const totals& all, Locate locate) {
  const nsameta_outputs& out = batch.out;
  const std::int64_t rows = batch.rows(all);
  if (overflows(out.cu_seqlens_k, all.kv_len) || overflows(out.cu_seqlens_q, rows) || overflows(out.total_rows, rows) ||
      overflows(out.nsa_cu_seqlens_q, smaller(rows, out.nsa_cu_seqlens_q.capacity - 1)) ||
      (!exceeds(out.nsa_cu_seqlens_k, rows + 1) && overflows(out.nsa_cu_seqlens_k, all.clamped)))
    return true;

  NSAMETA_UNROLL(1)
  for (int i = 0; i < last_row_count; ++i) {
    const std::int64_t row = last_row_written(out, rows, i);
    if (row < 0) continue;
    const located_request at = locate(i, row);
    const std::int64_t j = row - batch.rows(at.before);
    if (i == 0 && overflows(out.nsa_cu_seqlens_k, batch.clamped_before(at, j))) return true;
    if (i == 1 && overflows(out.indexer_ks, at.before.kv_len)) return true;
    if (i == 2 && overflows(out.indexer_ke, at.before.kv_len + batch.expanded(at, j))) return true;
  }
  return false;
}

NSAMETA_HOST_DEVICE void store_last_sum(const nsameta_vector& vector, std::int64_t index, std::int64_t sum) {
  if (present(vector) && index < vector.capacity) store_sum(vector, index, sum);
}

/// The last sums, and T.
template <class Batch>
NSAMETA_HOST_DEVICE void write_ends(const Batch& batch, const totals& all) {
  for_each_sum(batch, all, [](const nsameta_vector& vector, std::int64_t live, std::int64_t total) {
    store_last_sum(vector, live, total);
  });
  if (present(batch.out.total_rows)) store_value(batch.out.total_rows, 0, batch.rows(all));
}

/// `locate` as of any_sum_overflowed.
template <class Batch, class Locate>
NSAMETA_HOST_DEVICE std::uint32_t status_word(const Batch& batch, const totals& all, Locate locate) {
  std::uint32_t bits = all.bits;
  if (any_capacity_exceeded(batch.out, batch.rows(all), batch.table_rows(all))) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (any_sum_overflowed(batch, all, locate)) bits |= NSAMETA_BIT_CU_OVERFLOW;
  return bits;
}

}  // namespace nsameta
