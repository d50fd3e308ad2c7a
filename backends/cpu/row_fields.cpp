#include "cpu/row_fields.h"

#include "common/extents.h"

namespace nsameta::cpu {
namespace {

/// Consecutive rows of one request, to be written at elements [begin, end) of each field.
struct row_run {
  std::int64_t begin, end;
  std::int32_t first;            ///< expanded length of the row at `begin`, before clamping at 0
  std::int64_t clamped_before;   ///< sum of the clamped lengths of all rows before `begin`
  std::int64_t indexer_start;
  std::int32_t request;
};

/// Writes `value(i)` to elements [run.begin + i] of a field, in a loop that the compiler can turn into vector code.
template <class T, class Value>
void write_run(const nsameta_vector& vector, const row_run& run, Value value) {
  T* const to = static_cast<T*>(vector.data) + run.begin;
  const std::int64_t count = smaller(run.end, vector.capacity) - run.begin;
  for (std::int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(value(i));
}

/// The prefix sum carries from row to row, and saturates.
template <class T>
void write_clamped_sums(const nsameta_vector& vector, const row_run& run, std::int64_t topk) {
  std::int64_t sum = run.clamped_before;
  write_run<T>(vector, run, [&](std::int64_t i) {
    const std::int64_t here = sum;
    sum = saturating_add(sum, clamped(run.first + i, topk));
    return sizeof(T) == 8 ? here : saturated_int32(here);
  });
}

void write_run_fields(const nsameta_outputs& out, const row_run& run, std::int32_t topk) {
  const auto expanded = [first = run.first](std::int64_t i) {
    const std::int32_t v = first + static_cast<std::int32_t>(i);
    return v > 0 ? v : 0;
  };
  if (present(out.seqlens_expanded)) write_run<std::int32_t>(out.seqlens_expanded, run, expanded);
  if (present(out.nsa_cache_seqlens))
    write_run<std::int32_t>(out.nsa_cache_seqlens, run, [=](std::int64_t i) {
      const std::int32_t v = expanded(i);
      return v < topk ? v : topk;
    });
  if (present(out.nsa_cu_seqlens_k)) {
    if (out.nsa_cu_seqlens_k.dtype == NSAMETA_INT64)
      write_clamped_sums<std::int64_t>(out.nsa_cu_seqlens_k, run, topk);
    else
      write_clamped_sums<std::int32_t>(out.nsa_cu_seqlens_k, run, topk);
  }
  if (present(out.nsa_cu_seqlens_q)) {
    const auto row = [begin = run.begin](std::int64_t i) { return begin + i; };
    if (out.nsa_cu_seqlens_q.dtype == NSAMETA_INT64)
      write_run<std::int64_t>(out.nsa_cu_seqlens_q, run, row);
    else
      write_run<std::int32_t>(out.nsa_cu_seqlens_q, run, [=](std::int64_t i) { return saturated_int32(row(i)); });
  }
  if (present(out.token_to_batch))
    write_run<std::int32_t>(out.token_to_batch, run, [request = run.request](std::int64_t) { return request; });
  if (present(out.indexer_ks))
    write_run<std::int32_t>(out.indexer_ks, run,
                            [start = saturated_int32(run.indexer_start)](std::int64_t) { return start; });
  if (present(out.indexer_ke))
    write_run<std::int32_t>(out.indexer_ke, run, [=, start = run.indexer_start](std::int64_t i) {
      return saturated_int32(start + expanded(i));
    });
}

}  // namespace

void write_row_fields(const nsameta_problem& problem, const nsameta_outputs& out, located_request at,
                      std::int64_t begin, std::int64_t end) {
  while (begin < end) {
    const std::int64_t done = begin - at.before.rows;
    const std::int64_t run_end = smaller(at.end_row(), end);
    if (run_end > begin)
      write_run_fields(out,
                       {begin, run_end, static_cast<std::int32_t>(at.value.first + done),
                        saturating_add(at.before.clamped, clamped_prefix(at.value, done, problem.index_topk)),
                        at.before.kv_len, static_cast<std::int32_t>(at.index)},
                       problem.index_topk);
    begin = run_end;
    if (begin == end) return;
    at.before = at.before + totals_of(at.value, problem.index_topk);
    at.value = load_request(problem, ++at.index);
  }
}

}  // namespace nsameta::cpu
