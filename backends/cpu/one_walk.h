/// The batch of most steps: dense, with few outputs. Everything in one walk over its requests for each output, in which
/// the number of rows is found.
#pragma once

#include "cpu/dense_batch.h"
#include "cpu/outcome.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

/// Row vectors that such a walk writes, at most.
inline constexpr std::int64_t one_walk_fields = 3;

/// Whether such a walk gives all that the batch asks for.
inline bool fits_one_walk(const nsameta_problem& problem, const nsameta_outputs& out) {
  const std::int64_t end = vector_rows(out, int32_max);
  return !wants_other_rows(out) && !wants_tables(out) && end != 0 && end <= tuning::one_walk_rows &&
         out.vector_tail == NSAMETA_TAIL_KEEP && dense_lengths::fits(problem, out);
}

/// The rows that it writes, counted only where there is room for more than `enough`: else that room.
inline std::int64_t rows_in_one_walk(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t enough) {
  const std::int64_t room = vector_rows(out, int32_max);
  if (room <= enough || problem.batch_size >= room) return room;
  const dense_lengths lengths(problem, out);
  return smaller(room, best_vector_code().add_lengths(lengths, 0, problem.batch_size).tokens);
}

inline void fill_in_one_walk(const nsameta_problem& problem, const nsameta_outputs& out) {
  const dense_lengths lengths(problem, out);
  const vector_code& code = best_vector_code();
  const std::int64_t requests = lengths.requests;
  totals all{};
  if (present(out.status) || wants_request_fields(out)) {
    all = code.add_lengths(lengths, 0, requests);
    write_request_fields(out, lengths, 0, requests, {});
  }
  const std::int64_t end = vector_rows(out, int32_max);
  const row_progress at = code.write_rows({lengths, out, 0, 0, 0, end, 0, problem.index_topk, false});
  all.tokens = at.rows;
  if (at.request < requests) all.tokens += code.add_lengths(lengths, at.request, requests).tokens;
  all.clamped = at.clamped_before;  // of all rows when there is room for them, and else nobody asks
  all.kept = static_cast<std::int32_t>(requests);
  if (present(out.status)) {
    const totals none{};
    const batch_lengths stated = nsameta::lengths_of(problem);
    write_outcome(batch<plain_rule, 0>(problem, out, stated, out.length_offset, plain_rule::of(problem)),
                  {&none, 1, requests}, all);
  } else {
    store_last_sum(out.cu_seqlens_k, requests, all.kv_len);
    store_last_sum(out.cu_seqlens_q, requests, all.tokens);
    store_last_sum(out.nsa_cu_seqlens_k, all.tokens, all.clamped);
    if (present(out.total_rows)) store_value(out.total_rows, 0, all.tokens);
  }
}

}  // namespace nsameta::cpu
