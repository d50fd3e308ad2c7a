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
NSAMETA_HOST_DEVICE std::int64_t writable(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) ? smaller(vector.capacity, elements) : 0;
}

/// A constant of its own: nvcc lets no device code call size().
inline constexpr std::size_t vector_count = vector_fields.size();

/// What the table says of a field, by its place there, as constants: a GPU has no table.
template <std::size_t place>
struct vector_row {
  static constexpr auto member = vector_fields[place].member;
  static constexpr extent size = vector_fields[place].size;
  static constexpr tail_rule tail = vector_fields[place].tail;
  static constexpr bool per_row = vector_fields[place].per_row();
  static constexpr int added = size == extent::rows_plus_one || size == extent::requests_plus_one;  ///< a last sum
};

/// Calls `visit(vector, vector_row)` for every output vector, absent ones too.
template <std::size_t place = 0, class Visit>
NSAMETA_HOST_DEVICE void for_each_vector(const nsameta_outputs& out, const Visit& visit) {
  if constexpr (place < vector_count) {
    visit(out.*vector_row<place>::member, vector_row<place>{});
    for_each_vector<place + 1>(out, visit);
  }
}

/// Rows that at least one output takes.
NSAMETA_HOST_DEVICE std::int64_t rows_to_write(const nsameta_outputs& out, std::int64_t rows) {
  std::int64_t most = 0;
  for_each_vector(out, [&](const nsameta_vector& vector, auto field) {
    if constexpr (field.per_row) most = larger(most, writable(vector, rows));
  });
  return most;
}

/// Calls `visit(vector, live, total)` for each vector of sums, whose element `live` is the last one and holds `total`.
template <class Batch, class Visit>
NSAMETA_HOST_DEVICE void for_each_sum(const Batch& batch, const totals& all, Visit visit) {
  const std::int64_t kept = all.kept, rows = batch.rows(all);
  visit(batch.out.cu_seqlens_k, kept, all.kv_len);
  visit(batch.out.cu_seqlens_q, kept, rows);
  visit(batch.out.nsa_cu_seqlens_k, rows, all.clamped);
  visit(batch.out.nsa_cu_seqlens_q, rows, rows);
}

/// Calls `set(vector, live, value)` for each vector that has a tail rule: elements [live, capacity) become `value`.
template <class Batch, class Set>
NSAMETA_HOST_DEVICE void for_each_tail(const Batch& batch, const totals& all, Set set) {
  if (batch.out.vector_tail == NSAMETA_TAIL_KEEP) return;
  const std::int64_t kept = all.kept, rows = batch.rows(all);
  for_each_vector(batch.out, [&](const nsameta_vector& vector, auto field) {
    if constexpr (field.tail == tail_rule::zero) set(vector, field.per_row ? rows : kept, 0);
  });
  for_each_sum(batch, all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t total) {
    set(vector, live + 1, total);
  });
}

}  // namespace nsameta
