/// How much there is to write, in elements (cpu/tuning.h): what decides between one thread and several.
#pragma once

#include <algorithm>
#include <limits>

#include "cpu/batch.h"
#include "cpu/tuning.h"
#include "cpu/vector_code.h"
#include "problem.h"

namespace nsameta::cpu {

using tuning::parallel_elements;

/// More of anything than there is; the grain of a fill on one thread.
inline constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();

inline std::int64_t rows_of_a_task(const nsameta_outputs& out) {
  return tuning::task_elements / std::max<std::int64_t>(1, row_fields(out));
}

/// More elements than any threshold, few enough to add some of them up.
inline constexpr std::int64_t element_cap = std::int64_t{1} << 40;

/// count * times, or `element_cap` if that is less.
inline std::int64_t capped(std::int64_t count, std::int64_t times) {
  return std::min(element_cap, std::min(count, element_cap) * times);
}

/// Positions that the page tables show, in all rows together. About, since a table that cuts requests has fewer. `all`:
/// of the batch.
inline std::int64_t table_columns(const nsameta_problem& problem, const nsameta_outputs& out, const totals& all) {
  if (!wants_tables(out)) return 0;
  if (out.table_tail != NSAMETA_TAIL_KEEP) {
    std::int64_t most = 0;
    for (const table_field& field : table_fields) {
      const nsameta_table& table = out.*field.member;
      // Of pages no more than there are; a tail beyond them is cheap.
      const std::int64_t positions =
          std::min(std::min(table.width, int32_max) * (field.shows == column::page ? problem.page_size : 1),
                   std::max(table.width, problem.req_to_token.width));
      if (present(table))
        most = std::max(most, saturating_product(std::min(positions, int32_max), std::min(table.rows, int32_max)));
    }
    return most;
  }
  if (all.kept == 0) return 0;
  const bool one_row_each = !row_of(problem.mode).table_row_a_row;
  return one_row_each ? all.kv_len : saturating_product(all.kv_len, std::max<std::int64_t>(1, all.tokens / all.kept));
}

/// Elements of the page tables; 0 where none is asked for.
inline std::int64_t table_elements(const nsameta_problem& problem, const nsameta_outputs& out, const totals& all) {
  if (!wants_tables(out)) return 0;
  const std::int64_t columns = table_columns(problem, out, all);
  return capped(all.kept, tuning::table_request_elements) + capped(columns, present(out.page_table_1)) +
         capped(columns / problem.kv_shard.size, present(out.local_page_table_1) ? tuning::local_elements : 0) +
         capped(columns / problem.page_size, present(out.real_page_table) ? tuning::page_elements : 0);
}

/// As bound_elements, without page tables. `room`: rows that some output takes.
inline std::int64_t bound_row_elements(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t room) {
  const bool uniform =
      problem.mode == NSAMETA_DECODE || problem.extend_seq_lens.data == nullptr || has_own_rows(problem, out);
  const std::int64_t rows = uniform ? std::min(room, row_bound(problem, out)) : room;
  return capped(std::max(rows, problem.batch_size), std::max<std::int64_t>(1, row_fields(out)));
}

/// Whether the code without shards, pools, step vectors and lengths of padding serves it.
inline bool serves_plain(const nsameta_problem& problem, const nsameta_outputs& out) {
  return is_plain(problem) && !shows_seq_pad(problem, out) && !wants_step_vectors(out);
}

/// Whether one thread can write a plain batch and read each length once.
inline bool fits_one_pass(const nsameta_problem& problem, const nsameta_outputs& out) {
  // One pass over page tables does not see bits of requests that no table has room for.
  return serves_plain(problem, out) && !(wants_tables(out) && present(out.status));
}

/// Whether a batch has fewer than `least` elements. Not counted where two rows a request would be as many:
/// adding up both lengths of 65,536 requests took 50 us, and the whole fill 54 more on 16 cores of a Xeon.
inline bool count_is_small(const nsameta_problem& problem, const nsameta_outputs& out, const batch_lengths& lengths,
                           std::int64_t room, std::int64_t least) {
  const std::int64_t fields = row_fields(out);
  if (capped(problem.batch_size, 2 * fields) >= least) return false;
  vector_job job{problem, out, lengths, 0, problem.batch_size};
  job.counts = true;
  job.only_tokens = !wants_tables(out);
  const totals all = best_vector_code().run(job);
  const std::int64_t rows = std::min(room, all.tokens / problem.q_shard.size);
  return capped(rows, fields) + table_elements(problem, out, all) < least;
}

}  // namespace nsameta::cpu
