#include "cpu/fill.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <limits>

#include "cpu/dense_batch.h"
#include "cpu/one_walk.h"
#include "cpu/outcome.h"
#include "cpu/page_tables.h"
#include "cpu/pieces.h"
#include "cpu/request_fields.h"
#include "cpu/row_fields.h"
#include "cpu/scheduler.h"
#include "cpu/tuning.h"
#include "problem.h"

namespace nsameta::cpu {
namespace {

using tuning::table_tile;

/// The grain of a fill on one thread.
constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();

/// Row vectors that are asked for; one where none is, so that rows count.
std::int64_t row_fields(const nsameta_outputs& out) { return std::max<std::int64_t>(1, row_outputs_of(out).count); }

/// Elements of so many rows and units of page-table work. Saturates at tuning::parallel_elements.
std::int64_t elements(std::int64_t fields, std::int64_t rows, std::int64_t table_units) {
  constexpr std::int64_t most = tuning::parallel_elements;
  return std::min(most, std::min(rows, most) * fields + std::min(table_units, most) * table_tile);
}

bool is_large(std::int64_t fields, std::int64_t rows, std::int64_t table_units) {
  return elements(fields, rows, table_units) == tuning::parallel_elements;
}

/// Whether tokens are dealt over a q shard depends on how many there are: completes the rule with their number.
template <class Batch, class CountTokens>
void complete_rule(Batch& batch, CountTokens count_tokens) {
  if constexpr (requires { batch.rule.deal_tokens(0); })
    if (batch.rule.may_deal()) batch.rule.deal_tokens(count_tokens());
}

/// Totals of requests [begin, end). `lengths`: of a batch that vector code can take, else null.
template <class Batch>
totals add_up(const Batch& batch, const dense_lengths* lengths, std::int64_t begin, std::int64_t end,
              const totals& before) {
  if (lengths == nullptr || wants_tables(batch.out)) return add_requests(batch, begin, end, before);
  return add_requests(batch, *lengths, begin, end);
}

template <class Batch>
void write_requests(const Batch& batch, const dense_lengths* lengths, std::int64_t begin, std::int64_t end,
                    const totals& before) {
  if (!wants_request_fields(batch.out)) return;
  if (lengths == nullptr)
    write_request_fields(batch, begin, end, before);
  else
    write_request_fields(batch.out, *lengths, begin, end, before);
}

/// Rows [begin, end), of `rows` in all.
template <class Batch>
void write_rows(const Batch& batch, const dense_lengths* lengths, const segment_index& segments, std::int64_t begin,
                std::int64_t end, std::int64_t rows) {
  const located_request at = locate_row(batch, segments, begin);
  if (lengths == nullptr) return write_row_fields(batch, at, begin, end);
  if (const std::int64_t vector_end = smaller(end, vector_rows(batch.out, rows)); begin < vector_end)
    write_vector_rows(batch, *lengths, at, begin, vector_end, streams(batch.out, rows));
  const nsameta_outputs others = without_vector_rows(batch.out);
  if (begin < rows_to_write(others, end))
    write_row_fields(Batch(batch.problem, others, batch.lengths, batch.kv_offset, batch.rule), at, begin, end);
}

/// A batch cut into segments of requests that tasks take. `grain`: requests a task takes at least.
class segments {
 public:
  segments(std::int64_t requests, int most)
      : requests_(requests),
        count_(static_cast<int>(std::clamp<std::int64_t>(requests / tuning::least_segment, 1, most))),
        length_((requests + count_ - 1) / count_) {
    std::fill_n(before_.begin(), count_, totals{});
  }

  /// Finds what stands before each segment, and the totals of all. `before` a segment as of an earlier scan.
  template <class Batch>
  totals scan(const Batch& batch, const dense_lengths* lengths, std::int64_t grain) {
    in_pieces(count_, segments_of(grain), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t segment = first; segment < last; ++segment) {
        totals& own = before_[static_cast<std::size_t>(segment)];
        own = add_up(batch, lengths, begin(segment), begin(segment + 1), own);
      }
    });
    totals all{};
    for (int segment = 0; segment < count_; ++segment) {
      totals& own = before_[static_cast<std::size_t>(segment)];
      const totals added = own;
      own = all;
      all = all + added;
    }
    return all;
  }

  template <class Visit>
  void for_each(std::int64_t grain, Visit visit) const {
    in_pieces(count_, segments_of(grain), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t segment = first; segment < last; ++segment)
        visit(begin(segment), begin(segment + 1), before_[static_cast<std::size_t>(segment)]);
    });
  }

  segment_index index() const { return {before_.data(), count_, length_}; }

 private:
  std::int64_t begin(std::int64_t segment) const { return std::min(segment * length_, requests_); }
  std::int64_t segments_of(std::int64_t grain) const {
    return std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, length_));
  }

  std::int64_t requests_;
  int count_;
  std::int64_t length_;
  std::array<totals, tuning::max_segments> before_;  // the first `count_`
};

template <class Batch>
totals add_up_all(Batch& batch, const dense_lengths* lengths, segments& parts, std::int64_t grain) {
  complete_rule(batch, [&] { return parts.scan(batch, lengths, grain).tokens; });
  return parts.scan(batch, lengths, grain);
}

/// All outputs of a batch that was added up. `grain`: rows or requests a task takes at least.
template <class Batch>
void write_all(const Batch& batch, const dense_lengths* lengths, const segments& parts, const totals& all,
               std::int64_t grain) {
  if (wants_request_fields(batch.out))
    parts.for_each(grain, [&](std::int64_t begin, std::int64_t end, const totals& before) {
      write_requests(batch, lengths, begin, end, before);
    });
  const std::int64_t rows = rows_to_write(batch.out, batch.rows(all));
  in_pieces(rows, grain,
            [&](std::int64_t begin, std::int64_t end) { write_rows(batch, lengths, parts.index(), begin, end, rows); });
  // However many units garbage lengths ask for, the pieces stay few: those past the tables' last row end at once.
  const std::int64_t piece =
      std::max({std::int64_t{1}, grain / table_tile, all.table_units / tuning::max_table_pieces});
  in_pieces(all.table_units, piece, [&](std::int64_t begin, std::int64_t end) {
    write_page_tables(batch, locate_unit(batch, parts.index(), begin), begin, end);
  });
  write_outcome(batch, parts.index(), all);
}

/// Calls `work(grain)` where tasks may be made, or with everything in one where oneTBB may not be used.
template <class Work>
void in_arena(std::int64_t grain, const Work& work) {
  const scheduler_use use;
  if (!use) return work(everything);
  tbb::this_task_arena::isolate([&] { work(grain); });
}

/// `grain` as of fill_parallel; not asked for where one thread writes all.
template <class Batch>
void fill(Batch& batch, const dense_lengths* lengths, variant how, std::int64_t grain) {
  const std::int64_t requests = batch.problem.batch_size, fields = how == variant_auto ? row_fields(batch.out) : 1;
  segments parts(requests, how == variant_serial ? 1 : tuning::max_segments);
  totals all;
  // Of very many requests adding them up is work for tasks too.
  const bool counts = how == variant_serial || (how == variant_auto && !is_large(fields, requests, 0));
  if (counts) {
    all = add_up_all(batch, lengths, parts, everything);
    if (how == variant_serial || !is_large(fields, rows_to_write(batch.out, batch.rows(all)), all.table_units))
      return write_all(batch, lengths, parts, all, everything);
  }
  in_arena(grain, [&](std::int64_t granted) {
    if (!counts) all = add_up_all(batch, lengths, parts, granted);
    write_all(batch, lengths, parts, all, granted);
  });
}

/// The same with the code that serves the work at hand and no more.
void fill(const nsameta_problem& problem, const nsameta_outputs& out, variant how, std::int64_t grain) {
  const batch_lengths stated = nsameta::lengths_of(problem);
  const auto with = [&]<bool tables>(const auto& rule, const dense_lengths* lengths) {
    using rule_type = std::remove_cvref_t<decltype(rule)>;
    batch<rule_type, tables ? table_tile : 0> work(problem, out, stated, out.length_offset, rule);
    fill(work, lengths, how, grain);
  };
  const auto with_rule = [&](const auto& rule, const dense_lengths* lengths) {
    wants_tables(out) ? with.template operator()<true>(rule, lengths) : with.template operator()<false>(rule, lengths);
  };
  if (dense_lengths::fits(problem, out)) {
    const dense_lengths lengths(problem, out);
    with_rule(plain_rule::of(problem), &lengths);
  } else if (is_plain(problem)) {
    with_rule(plain_rule::of(problem), nullptr);
  } else {
    const auto fixed = shard_constants::of(problem);
    with_rule(general_rule{fixed}, nullptr);
  }
}

}  // namespace

std::int64_t bound_elements(const nsameta_problem& problem, const nsameta_outputs& out) {
  if (wants_tables(out)) return tuning::parallel_elements;
  const row_outputs asked = row_outputs_of(out);
  const bool uniform = problem.mode == NSAMETA_DECODE || problem.extend_seq_lens.data == nullptr;
  std::int64_t rows = row_bound(problem, asked);
  if (asked.count > 0) rows = rows_to_write(out, uniform ? rows : everything);
  return elements(row_fields(out), std::max(rows, problem.batch_size), 0);
}

std::int64_t task_rows(const nsameta_outputs& out) { return tuning::task_elements / row_fields(out); }

void fill_serial(const nsameta_problem& problem, const nsameta_outputs& out) {
  if (fits_one_walk(problem, out)) return fill_in_one_walk(problem, out);
  fill(problem, out, variant_serial, everything);
}

void fill_parallel(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t grain) {
  // Work for one task needs no other thread.
  const bool small = problem.batch_size <= grain && vector_rows(out, int32_max) <= grain;
  if (small && fits_one_walk(problem, out)) return fill_in_one_walk(problem, out);
  fill(problem, out, variant_tbb, grain);
}

void fill_counted(const nsameta_problem& problem, const nsameta_outputs& out) {
  if (fits_one_walk(problem, out)) {
    constexpr std::int64_t enough = (tuning::parallel_elements - 1) / one_walk_fields;
    const std::int64_t rows = std::max(rows_in_one_walk(problem, out, enough), problem.batch_size);
    if (rows <= enough || !is_large(row_fields(out), rows, 0)) return fill_in_one_walk(problem, out);
  }
  fill(problem, out, variant_auto, task_rows(out));
}

}  // namespace nsameta::cpu
