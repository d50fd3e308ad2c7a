/// What stands once per fill: the last element of each sum, T, the tails and the status word.
#pragma once

#include <algorithm>

#include "cpu/batch.h"

namespace nsameta::cpu {

inline bool overflows(const nsameta_vector& vector, std::int64_t sum) {
  return present(vector) && vector.dtype == NSAMETA_INT32 && sum > int32_max;
}

inline bool exceeds(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) && elements > vector.capacity;
}

inline bool exceeds(const nsameta_table& table, std::int64_t rows) { return present(table) && rows > table.rows; }

inline bool any_capacity_exceeded(const nsameta_outputs& out, std::int64_t rows, std::int64_t table_rows) {
  return std::ranges::any_of(table_fields,
                             [&](const table_field& field) { return exceeds(out.*field.member, table_rows); }) ||
         std::ranges::any_of(vector_fields, [&](const vector_field& field) {
           return field.per_row() && exceeds(out.*field.member, element_count(field.size, 0, rows));
         });
}

/// Whether an element of a vector of sums saturated, by the last one of each request in each part of the rows. `rows`:
/// of the batch. `sum_at(at, j)`: for row `j` of a request.
template <class Batch, class Sum>
bool any_element_overflows(Batch& batch, const nsameta_vector& vector, std::int64_t rows, Sum sum_at) {
  const std::int64_t written = writable(vector, rows);
  located_request at{0, {}, {}};
  for (int part = 0; part < batch.rule.parts; ++part) {
    if constexpr (decltype(Batch::rule)::deals) batch.rule.part = part;
    at.before = rows_of(at.before);
    for (at.index = 0; at.index < batch.problem.batch_size && batch.rows(at.before) < written; ++at.index) {
      at.value = batch.load(at.index, at.before);
      const std::int64_t last = smaller(at.value.rows, written - batch.rows(at.before)) - 1;
      if (last >= 0 && overflows(vector, sum_at(at, last))) return true;
      at.before = at.before + batch.totals_of(at.index, at.value);
    }
  }
  return false;
}

/// Whether a written int32 sum saturated. Sums only grow along an array, so the last element written tells; but those
/// of requests, in rows that come in two parts, do not grow, nor does indexer_ke where tokens are padded to rows.
/// `locate(row)` gives the located_request that holds `row`.
template <class Batch, class Locate>
bool any_sum_overflowed(Batch& batch, const totals& all, Locate locate) {
  const nsameta_outputs& out = batch.out;
  const std::int64_t rows = batch.rows(all);
  if (overflows(out.cu_seqlens_k, all.kv_len) || overflows(out.cu_seqlens_q, rows) || overflows(out.total_rows, rows) ||
      overflows(out.nsa_cu_seqlens_q, smaller(rows, out.nsa_cu_seqlens_q.capacity - 1)) ||
      overflows(out.last_token_index, rows - 1))
    return true;
  const auto any_overflows = [&](const nsameta_vector& vector, std::int64_t live, bool grows, auto sum_at) {
    if (!present(vector) || vector.dtype != NSAMETA_INT32) return false;
    const std::int64_t last = writable(vector, live) - 1;
    if (last < 0) return false;
    if (last == rows) return overflows(vector, all.clamped);  // nsa_cu_seqlens_k in full
    if (!grows || batch.rule.parts > 1) return any_element_overflows(batch, vector, rows, sum_at);
    const located_request at = locate(last);
    return overflows(vector, sum_at(at, last - batch.rows(at.before)));
  };
  return any_overflows(out.nsa_cu_seqlens_k, rows + 1, true,
                       [&](const located_request& at, std::int64_t j) { return batch.clamped_before(at, j); }) ||
         any_overflows(out.indexer_ks, rows, true,
                       [](const located_request& at, std::int64_t) { return at.before.kv_len; }) ||
         any_overflows(
             out.indexer_ke, rows, !batch.lengths.left_aligned(),
             [&](const located_request& at, std::int64_t j) { return at.before.kv_len + batch.expanded(at, j); });
}

/// `locate`: as of any_sum_overflowed.
template <class Batch, class Locate>
void write_outcome(Batch& batch, const totals& all, Locate locate) {
  const nsameta_outputs& out = batch.out;
  const std::int64_t kept = all.kept, rows = batch.rows(all);
  const bool has_tails = out.vector_tail != NSAMETA_TAIL_KEEP;
  const auto fill = [](const nsameta_vector& vector, std::int64_t begin, std::int64_t end, std::int64_t value) {
    for (std::int64_t i = begin; i < writable(vector, end); ++i) store_sum(vector, i, value);
  };
  const auto end_sums = [&](const nsameta_vector& vector, std::int64_t last, std::int64_t total) {
    fill(vector, last, has_tails ? vector.capacity : last + 1, total);
  };
  end_sums(out.cu_seqlens_k, kept, all.kv_len);
  end_sums(out.cu_seqlens_q, kept, rows);
  end_sums(out.nsa_cu_seqlens_k, rows, all.clamped);
  end_sums(out.nsa_cu_seqlens_q, rows, rows);
  fill(out.total_rows, 0, 1, rows);
  if (has_tails) {
    const std::int64_t pad_length = batch.rule.local(batch.problem.seq_pad);
    for (const vector_field& field : vector_fields)
      if (field.tail == tail_rule::zero || field.tail == tail_rule::pad_slot || field.tail == tail_rule::seq_pad)
        fill(out.*field.member, field.per_row() ? rows : kept, (out.*field.member).capacity,
             field.tail == tail_rule::zero      ? 0
             : field.tail == tail_rule::seq_pad ? pad_length
                                                : batch.problem.pad_slot);
    if (const std::int64_t end = writable(out.is_padding, out.is_padding.capacity); end > rows)
      std::fill(bytes_of(out.is_padding) + rows, bytes_of(out.is_padding) + end, std::uint8_t{1});
  }
  if (!present(out.status)) return;
  std::uint32_t bits = all.bits;
  if (any_capacity_exceeded(out, rows, batch.table_rows(all))) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (any_sum_overflowed(batch, all, locate)) bits |= NSAMETA_BIT_CU_OVERFLOW;
  *static_cast<std::uint32_t*>(out.status.data) = bits;
}

}  // namespace nsameta::cpu
