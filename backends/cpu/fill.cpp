#include "cpu/fill.h"

#include <tbb/task_arena.h>

#include <algorithm>

#include "cpu/elements.h"
#include "cpu/outcome.h"
#include "cpu/page_tables.h"
#include "cpu/pieces.h"
#include "cpu/plans/kinds.h"
#include "cpu/request_walk.h"
#include "cpu/scheduler.h"
#include "cpu/segments.h"
#include "cpu/vector_code.h"

namespace nsameta::cpu {
namespace {

using tuning::table_tile;

/// Whether page_table_1 is more than the caches hold: then it is written past them.
bool streams_tables(const nsameta_problem& problem, const nsameta_outputs& out, const totals& all) {
  return table_columns(problem, out, all) > tuning::streamed_columns;
}

/// Whether anything is asked for that depends on what requests add up to.
bool wants_totals(const nsameta_outputs& out) {
  return out.vector_tail != NSAMETA_TAIL_KEEP || !for_each_wanted(out, []<std::size_t i>(const nsameta_vector&) {
           return vector_fields[i].size == extent::rows && is_length_field(vector_fields[i].member);
         });
}

bool wants_request_fields(const nsameta_outputs& out) {
  return present(out.cache_seqlens) || present(out.local_cache_seqlens) || present(out.cu_seqlens_k) ||
         present(out.cu_seqlens_q) || present(out.last_token_index);
}

template <class Batch>
vector_job job_of(const Batch& batch, std::int64_t begin, std::int64_t end) {
  return {batch.problem, batch.out, batch.lengths, begin, end};
}

template <class Rule, int tile>
totals add_up(const batch<Rule, tile>& batch, std::int64_t begin, std::int64_t end, const totals& before) {
  if constexpr (Rule::deals || tile > 0) {
    return add_requests(batch, begin, end, before);
  } else {
    vector_job job = job_of(batch, begin, end);
    job.counts = true;
    job.only_tokens = !wants_totals(batch.out);
    job.counts_clamped = present(batch.out.nsa_cu_seqlens_k);
    job.end_row = job.counts_clamped ? everything : 0;
    return best_vector_code().run(job);
  }
}

/// Adds up all requests behind `start`.
template <class Batch>
totals add_up_all(Batch& batch, segments& parts, std::int64_t grain, const totals& start = {}) {
  return parts.scan(grain, start, [&](std::int64_t begin, std::int64_t end, const totals& before) {
    return add_up(batch, begin, end, before);
  });
}

template <class Batch>
void write_requests(const Batch& batch, std::int64_t begin, std::int64_t end, const totals& before) {
  if constexpr (decltype(Batch::rule)::deals) {
    write_request_fields(batch, begin, end, before);
  } else {
    vector_job job = job_of(batch, begin, end);
    job.before = before;
    job.counts = job.writes_requests = true;
    best_vector_code().run(job);
  }
}

template <class Batch>
void write_rows(const Batch& batch, const segments& parts, std::int64_t begin, std::int64_t end) {
  const located_request at = parts.locate_row(batch, begin);
  if constexpr (!decltype(Batch::rule)::deals) {
    vector_job job = job_of(batch, at.index, batch.problem.batch_size);
    job.row = begin;
    job.end_row = end;
    job.skipped = begin - at.before.tokens;
    job.before.clamped = batch.clamped_before(at, job.skipped);
    best_vector_code().run(job);
  }
  write_row_fields(batch, at, begin, end);
}

/// Page tables of a batch that was added up.
template <class Batch>
void write_tables(const Batch& batch, const segments& parts, const totals& all, std::int64_t grain) {
  // However many units garbage lengths ask for, the pieces stay few: those past the tables' last row end at once.
  const std::int64_t piece =
      std::max({std::int64_t{1}, grain / table_tile, all.table_units / tuning::max_table_pieces});
  const bool streams = streams_tables(batch.problem, batch.out, all);
  in_pieces(all.table_units, piece, [&](std::int64_t begin, std::int64_t end) {
    write_page_tables(batch, parts.locate_unit(batch, begin), begin, end, streams);
  });
}

/// The rows of page tables from `first` on, which no request has.
void write_rows_beyond(const nsameta_outputs& out, std::int64_t first, std::int64_t grain) {
  if (out.table_tail == NSAMETA_TAIL_KEEP) return;
  for (const table_field& field : table_fields) {
    const nsameta_table& table = out.*field.member;
    if (!present(table)) continue;
    in_pieces(table.rows - first, std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, table.width)),
              [&](std::int64_t begin, std::int64_t end) {
                write_tail_rows(table, first + begin, first + end, tail_value(out));
              });
  }
}

/// A batch in segments, a part of its rows after the other. `grain`: rows or requests a task takes at least.
template <class Rule, int tile>
void write_all(batch<Rule, tile>& batch, segments& parts, std::int64_t grain) {
  // Whether tokens are dealt over a q shard depends on how many there are.
  if constexpr (Rule::deals)
    if (batch.rule.may_deal()) batch.rule.deal_tokens(add_up_all(batch, parts, grain).tokens);
  totals all = add_up_all(batch, parts, grain);
  if (wants_request_fields(batch.out))
    parts.for_each(grain, [&](std::int64_t begin, std::int64_t end, const totals& before) {
      write_requests(batch, begin, end, before);
    });
  const auto write_part = [&](std::int64_t first_row) {
    in_pieces(rows_to_write(batch.out, batch.rows(all)) - first_row, grain, [&](std::int64_t begin, std::int64_t end) {
      write_rows(batch, parts, first_row + begin, first_row + end);
    });
    if constexpr (tile > 0) write_tables(batch, parts, all, grain);
  };
  write_part(0);
  if constexpr (Rule::deals)
    if (batch.rule.parts > 1) {
      const totals first = rows_of(all);
      batch.rule.part = 1;
      all = add_up_all(batch, parts, grain, first);
      write_part(first.rows);
    }
  if constexpr (tile > 0) write_rows_beyond(batch.out, batch.table_rows(all), grain);
  write_outcome(batch, all, [&](std::int64_t row) { return parts.locate_row(batch, row); });
}

/// Of fills that may have fewer threads than the caller's arena. Never destroyed: they may outlast it.
tbb::task_arena& shared_arena() {
  static tbb::task_arena& shared = *new tbb::task_arena(most_threads());
  return shared;
}

/// Calls `work(grain)` where tasks may be made, or with everything in one where oneTBB may not be used.
template <class Work>
void in_arena(std::int64_t grain, const Work& work) {
  const int most = most_threads();
  if (most == 1) return work(everything);
  const scheduler_use use;
  if (!use) return work(everything);
  const auto isolated = [&] { tbb::this_task_arena::isolate([&] { work(grain); }); };
  if (most >= tbb::this_task_arena::max_concurrency()) return isolated();
  shared_arena().execute(isolated);
}

/// A plain batch, of which one thread writes the vectors: rows are found as they are written, and so are the page
/// tables unless they may be cut and are worth it. `room`: as of bound_row_elements.
template <class Rule, int tile>
void fill_in_one_pass(batch<Rule, tile>& batch, std::int64_t room, bool may_cut_tables) {
  const nsameta_problem& problem = batch.problem;
  const nsameta_outputs& out = batch.out;
  vector_job job = job_of(batch, 0, problem.batch_size);
  job.end_row = room;
  job.counts = tile > 0 || wants_totals(out);
  job.writes_requests = job.counts && wants_request_fields(out);
  const totals all = best_vector_code().run(job);
  if (!job.counts) return;
  if (all.kept > 0 && (tile > 0 || wants_other_rows(out))) {
    const located_request first{0, batch.load(0, {}), {}};
    write_row_fields(batch, first, 0, smaller(room, all.tokens));
    if constexpr (tile > 0) {
      const std::int64_t elements = may_cut_tables ? table_elements(problem, out, all) : 0;
      if (elements < parallel_elements || elements < least_elements(problem, out))
        write_page_tables(batch, first, 0, everything, streams_tables(problem, out, all));
      else
        in_arena(rows_of_a_task(out), [&](std::int64_t grain) {
          segments parts(problem.batch_size, tuning::max_segments);
          write_tables(batch, parts, add_up_all(batch, parts, grain), grain);
        });
    }
  }
  if constexpr (tile > 0) write_rows_beyond(out, batch.table_rows(all), everything);
  const segments whole(problem.batch_size, 1);
  write_outcome(batch, all, [&](std::int64_t row) { return whole.locate_row(batch, row); });
}

/// The lengths of padding rows, which stand behind those of the batch.
template <class Rule>
void write_padding_rows(const nsameta_problem& problem, const nsameta_outputs& out, const batch_lengths& lengths,
                        const Rule& rule) {
  if (!present(out.seqlens_expanded) && !present(out.nsa_cache_seqlens)) return;
  std::int64_t row = 0;
  for (std::int64_t i = 0; i < problem.batch_size; ++i) row += load_request(lengths, out.length_offset, i).rows;
  const std::int64_t end = padding_end(problem, out);
  if (row >= end) return;
  const request padding = request_of_padding_row(load_request(lengths, out.length_offset, problem.batch_size - 1));
  for (const std::int64_t length = rule.local(padding.first); row < end; ++row) {
    if (present(out.seqlens_expanded)) store_sum(out.seqlens_expanded, row, length);
    if (present(out.nsa_cache_seqlens)) store_sum(out.nsa_cache_seqlens, row, rule.clamped(length));
  }
}

/// A batch in any pieces: on one thread where these are `everything`.
template <class Batch>
void fill_in_pieces(Batch& batch, std::int64_t grain) {
  segments parts(batch.problem.batch_size, grain == everything ? 1 : tuning::max_segments);
  const auto work = [&](std::int64_t granted) { write_all(batch, parts, granted); };
  grain == everything ? work(everything) : in_arena(grain, work);
}

}  // namespace

std::int64_t bound_elements(const nsameta_problem& problem, const nsameta_outputs& out) {
  return wants_tables(out) ? element_cap : bound_row_elements(problem, out, rows_to_write(out, everything));
}

std::int64_t least_elements(const nsameta_problem& problem, const nsameta_outputs& out) {
  const int threads = usable_threads();
  if (threads == 1) return everything;
  if (!fits_one_pass(problem, out)) return parallel_elements;  // it is added up on one thread too
  return parallel_elements + capped(problem.batch_size, tuning::request_elements) / (threads - 1);
}

void fill(const nsameta_problem& problem, const nsameta_outputs& out, variant how, std::int64_t grain) {
  if (has_own_problem(out)) [[unlikely]] {  // such as a decode of longer requests
    nsameta_outputs set = out;
    set.length_offset = added_length(out);
    set.draft_step = 0;
    set.row_values_from = 0;
    return fill(own_problem(out, problem), set, how, grain);
  }
  const batch_lengths lengths = lengths_of(problem);
  const std::int64_t room = rows_to_write(out, everything);
  const bool tables = wants_tables(out);
  const bool one_pass = fits_one_pass(problem, out);
  const auto is_alone = [&] {
    if (how == variant_serial) return true;
    const bool decides_tables = tables && !(one_pass && how == variant_auto);
    const std::int64_t bound = decides_tables ? element_cap : bound_row_elements(problem, out, room);
    if (how == variant_auto) {
      if (bound < parallel_elements) return true;
      const std::int64_t least = least_elements(problem, out);
      return bound < least || count_is_small(problem, out, lengths, room, least);
    }
    if (grain > 0) return bound < std::min(grain, parallel_elements);
    return bound < tuning::task_elements || usable_threads() == 1;
  };
  const bool alone = is_alone();
  // With the code that serves the work at hand and no more.
  const auto with_rule = [&](const auto& rule) {
    using rule_type = std::remove_cvref_t<decltype(rule)>;
    const auto with_tile = [&]<int tile> {
      batch<rule_type, tile> work{problem, out, lengths, rule, {}};
      if constexpr (tile > 0) work.shape = table_shape(problem, out, lengths.limit, tile);
      if constexpr (!rule_type::deals)
        if (alone && one_pass) return fill_in_one_pass(work, room, how == variant_auto);
      fill_in_pieces(work, alone ? everything : grain > 0 ? grain : rows_of_a_task(out));
    };
    tables ? with_tile.template operator()<table_tile>() : with_tile.template operator()<0>();
    if (problem.pad_rows_to > 0) [[unlikely]]
      write_padding_rows(problem, out, lengths, rule);
    if (wants_plans(out)) [[unlikely]]
      write_plans(problem, out, lengths, rule);
  };
  if (serves_plain(problem, out)) return with_rule(plain_rule::of(lengths.limit, problem.index_topk));
  const auto fixed = shard_constants::of(problem, lengths.limit);
  with_rule(general_rule<any_q_shard>{{}, fixed});
}

}  // namespace nsameta::cpu
