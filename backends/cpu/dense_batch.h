/// A dense batch by vector code: what its requests add up to, their own fields, and the rows of the fields that
/// vector code writes. The walks over requests one by one (cpu/request_fields.h, row_fields.h) do the same for all
/// others.
#pragma once

#include "common/extents.h"
#include "cpu/locate.h"
#include "cpu/row_job.h"

namespace nsameta::cpu {

/// Of a batch without page tables.
template <class Batch>
totals add_requests(const Batch& batch, const dense_lengths& lengths, std::int64_t begin, std::int64_t end) {
  totals sum = best_vector_code().add_lengths(lengths, begin, end);
  if (!present(batch.out.nsa_cu_seqlens_k)) return sum;
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int64_t rows = lengths.tokens_at(i);
    const request r{rows, rows, lengths.kv_at(i) - rows + 1, 1, 0, 0};
    sum.clamped = saturating_add(sum.clamped, batch.rule.sum(r, rows));
  }
  return sum;
}

inline bool wants_request_fields(const nsameta_outputs& out) {
  return present(out.cache_seqlens) || present(out.cu_seqlens_k) || present(out.cu_seqlens_q);
}

/// An exclusive prefix sum of `length(i)` over [begin, end).
template <class Length>
void write_request_sums(const nsameta_vector& vector, std::int64_t begin, std::int64_t end, std::int64_t sum,
                        Length length) {
  if (!present(vector)) return;
  if (vector.dtype == NSAMETA_INT64) {
    std::int64_t* const to = static_cast<std::int64_t*>(vector.data);
    for (std::int64_t i = begin; i < end; sum += length(i++)) to[i] = sum;
  } else {
    std::int32_t* const to = static_cast<std::int32_t*>(vector.data);
    for (std::int64_t i = begin; i < end; sum += length(i++)) to[i] = saturated_int32(sum);
  }
}

inline void write_request_fields(const nsameta_outputs& out, const dense_lengths& lengths, std::int64_t begin,
                                 std::int64_t end, const totals& before) {
  if (present(out.cache_seqlens)) {
    std::int32_t* const to = static_cast<std::int32_t*>(out.cache_seqlens.data);
    for (std::int64_t i = begin; i < end; ++i) to[i] = lengths.kv_at(i);
  }
  write_request_sums(out.cu_seqlens_k, begin, end, before.kv_len, [&](std::int64_t i) { return lengths.kv_at(i); });
  write_request_sums(out.cu_seqlens_q, begin, end, before.tokens, [&](std::int64_t i) { return lengths.tokens_at(i); });
}

/// Whether vector code writes a field.
template <class Field>
constexpr bool is_vector_row(Field field) {
  return field.member == &nsameta_outputs::seqlens_expanded || field.member == &nsameta_outputs::nsa_cache_seqlens ||
         field.member == &nsameta_outputs::nsa_cu_seqlens_k;
}

/// As many rows of these outputs as one takes: a job's end need not lie beyond.
inline std::int64_t vector_rows(const nsameta_outputs& out, std::int64_t rows) {
  std::int64_t most = 0;
  for_each_vector(out, [&](const nsameta_vector& vector, auto field) {
    if constexpr (is_vector_row(field)) most = larger(most, writable(vector, rows));
  });
  return most;
}

/// The others that have an element a row.
inline nsameta_outputs without_vector_rows(const nsameta_outputs& out) {
  nsameta_outputs others = out;
  others.seqlens_expanded.data = others.nsa_cache_seqlens.data = others.nsa_cu_seqlens_k.data = nullptr;
  return others;
}

/// Whether any of those is asked for.
inline bool wants_other_rows(const nsameta_outputs& out) {
  bool wanted = false;
  for_each_vector(out, [&](const nsameta_vector& vector, auto field) {
    if constexpr (field.per_row && !is_vector_row(field)) wanted = wanted || present(vector);
  });
  return wanted;
}

inline bool streams(const nsameta_outputs& out, std::int64_t rows) {
  const int fields = present(out.seqlens_expanded) + present(out.nsa_cache_seqlens);
  return rows > streaming_bytes() / 8 && rows * fields * 4 > streaming_bytes();
}

/// Rows [begin, end) of those outputs.
template <class Batch>
row_progress write_vector_rows(const Batch& batch, const dense_lengths& lengths, const located_request& at,
                               std::int64_t begin, std::int64_t end, bool streaming) {
  const std::int64_t skipped = begin - at.before.tokens;
  return best_vector_code().write_rows({lengths, batch.out, at.index, skipped, begin, end,
                                        batch.clamped_before(at, skipped), batch.problem.index_topk, streaming});
}

}  // namespace nsameta::cpu
