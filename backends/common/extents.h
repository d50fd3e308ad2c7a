/// How far the outputs reach: rows that can be written, and elements beyond the live ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/batch.h"
#include "common/stores.h"
#include "fields.h"

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
inline std::int64_t writable(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) ? smaller(vector.capacity, elements) : 0;
}

/// Rows that at least one output takes.
inline std::int64_t rows_to_write(const nsameta_outputs& out, std::int64_t rows) {
  std::int64_t most = 0;
  for_each_wanted(out, [&]<std::size_t place>(const nsameta_vector& vector) {
    if constexpr (vector_fields[place].per_row()) most = larger(most, writable(vector, rows));
    return true;
  });
  return most;
}

/// Calls `visit(vector, live, total)` for each vector of sums, whose element `live` is the last one and holds `total`.
template <class Batch, class Visit>
void for_each_sum(const Batch& batch, const totals& all, Visit visit) {
  const std::int64_t kept = all.kept, rows = batch.rows(all);
  visit(batch.out.cu_seqlens_k, kept, all.kv_len);
  visit(batch.out.cu_seqlens_q, kept, rows);
  visit(batch.out.nsa_cu_seqlens_k, rows, all.clamped);
  visit(batch.out.nsa_cu_seqlens_q, rows, rows);
}

/// Calls `set(vector, live, value)` for each vector that has a tail rule: elements [live, capacity) become `value`.
template <class Batch, class Set>
void for_each_tail(const Batch& batch, const totals& all, Set set) {
  if (batch.out.vector_tail == NSAMETA_TAIL_KEEP) return;
  const std::int64_t kept = all.kept, rows = batch.rows(all);
  for (const vector_field& field : vector_fields)
    if (field.tail == tail_rule::zero) set(batch.out.*field.member, field.per_row() ? rows : kept, 0);
  for_each_sum(batch, all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t total) {
    set(vector, live + 1, total);
  });
}

}  // namespace nsameta
