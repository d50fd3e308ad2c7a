/// The per-row outputs, one run of a request's rows at a time.
#pragma once

#include "common/extents.h"
#include "cpu/locate.h"

namespace nsameta::cpu {

/// Consecutive rows of one request, to be written at elements [begin, end) of each field.
struct row_run {
  std::int64_t begin, end;
  std::int64_t clamped_before;  ///< sum of the clamped lengths of all rows before `begin`
  std::int64_t indexer_start;
  std::int32_t request;
};

/// The lengths of a run's rows when nothing is sharded or pooled: 32-bit arithmetic that the compiler turns into vector
/// code.
struct plain_lengths {
  std::int32_t first;  ///< positions the run's first row sees, before clamping at 0
  std::int32_t topk;

  std::int32_t expanded(std::int64_t i) const {
    const std::int32_t seen = first + static_cast<std::int32_t>(i);
    return seen > 0 ? seen : 0;
  }
  std::int32_t clamped(std::int64_t i) const {
    const std::int32_t length = expanded(i);
    return length < topk ? length : topk;
  }
};

/// The same for any shard and pool.
struct general_lengths {
  std::int64_t first, step;
  const general_rule& rule;

  std::int64_t expanded(std::int64_t i) const { return rule.local(larger(0, first + i * step)); }
  std::int64_t clamped(std::int64_t i) const { return rule.clamped(expanded(i)); }
};

/// Lengths of a request's rows from its row number `skipped` on.
inline plain_lengths lengths_of(const plain_rule& rule, const request& r, std::int64_t skipped) {
  return {static_cast<std::int32_t>(r.first + skipped), static_cast<std::int32_t>(rule.topk)};
}
inline general_lengths lengths_of(const general_rule& rule, const request& r, std::int64_t skipped) {
  return {r.first + skipped * r.step, r.step, rule};
}

/// Writes `value(i)` to elements [run.begin + i] of a field.
template <class T, class Value>
void write_run(const nsameta_vector& vector, const row_run& run, Value value) {
  T* const to = static_cast<T*>(vector.data) + run.begin;
  const std::int64_t count = smaller(run.end, vector.capacity) - run.begin;
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(value(i));
}

/// The same for a cu_* array.
template <class Value>
void write_sums(const nsameta_vector& vector, const row_run& run, Value value) {
  if (vector.dtype == NSAMETA_INT64)
    write_run<std::int64_t>(vector, run, value);
  else
    write_run<std::int32_t>(vector, run, [&](std::int64_t i) { return saturated_int32(value(i)); });
}

template <class Lengths>
void write_run_fields(const nsameta_outputs& out, const row_run& run, const Lengths& lengths) {
  const auto expanded = [&](std::int64_t i) { return lengths.expanded(i); };
  if (present(out.seqlens_expanded)) write_run<std::int32_t>(out.seqlens_expanded, run, expanded);
  if (present(out.nsa_cache_seqlens))
    write_run<std::int32_t>(out.nsa_cache_seqlens, run, [&](std::int64_t i) { return lengths.clamped(i); });
  if (present(out.nsa_cu_seqlens_k))
    write_sums(out.nsa_cu_seqlens_k, run, [&, sum = run.clamped_before](std::int64_t i) mutable {
      const std::int64_t before = sum;
      sum = saturating_add<std::int64_t>(sum, lengths.clamped(i));
      return before;
    });
  if (present(out.nsa_cu_seqlens_q))
    write_sums(out.nsa_cu_seqlens_q, run, [&](std::int64_t i) { return run.begin + i; });
  if (present(out.token_to_batch))
    write_run<std::int32_t>(out.token_to_batch, run, [&](std::int64_t) { return run.request; });
  const std::int32_t start = saturated_int32(run.indexer_start);
  if (present(out.indexer_ks)) write_run<std::int32_t>(out.indexer_ks, run, [&](std::int64_t) { return start; });
  if (present(out.indexer_ke))
    write_run<std::int32_t>(out.indexer_ke, run,
                            [&](std::int64_t i) { return saturated_int32(run.indexer_start + expanded(i)); });
}

/// Writes rows [begin, end), where `at` is the request that holds row `begin`. Elements beyond an output's capacity are
/// left out.
template <class Batch>
void write_row_fields(const Batch& batch, located_request at, std::int64_t begin, std::int64_t end) {
  while (begin < end) {
    const std::int64_t first = batch.rows(at.before);
    const std::int64_t run_end = smaller(first + at.value.rows, end);
    if (run_end > begin) {
      const std::int64_t skipped = begin - first;
      const row_run run{begin, run_end, batch.clamped_before(at, skipped), at.before.kv_len, at.before.kept};
      write_run_fields(batch.out, run, lengths_of(batch.rule, at.value, skipped));
    }
    begin = larger(begin, run_end);
    if (begin == end || at.index + 1 == batch.problem.batch_size) return;
    at.before = at.before + batch.totals_of(at.index, at.value);
    at.value = batch.load(++at.index, at.before);
  }
}

}  // namespace nsameta::cpu
