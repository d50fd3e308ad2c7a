#include "cpu/fill.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <array>

#include "cpu/dense_batch.h"
#include "cpu/one_walk.h"
#include "cpu/outcome.h"
#include "cpu/page_tables.h"
#include "cpu/pieces.h"
#include "cpu/request_fields.h"
#include "cpu/row_fields.h"
#include "cpu/scheduler.h"

namespace nsameta::cpu {
namespace {

/// Segments of a large batch: enough to balance any machine, few enough for the stack, and of so many requests or more
/// that the work on one hides what it takes to find it.
constexpr int max_segments = 256;
constexpr std::int64_t least_segment = 256;

/// Pieces of page-table work.
constexpr std::int64_t max_pieces = 4096;

/// Columns of a unit of page-table work.
constexpr int table_tile = 1024;

/// Whether tokens are dealt over a q shard depends on how many there are: completes the rule with their number.
template <class Batch, class CountTokens>
void complete_rule(Batch& batch, CountTokens count_tokens) {
  if constexpr (requires { batch.rule.deal_tokens(batch.problem.q_shard, 0); })
    if (batch.problem.q_shard.size > 1) batch.rule.deal_tokens(batch.problem.q_shard, count_tokens());
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
    write_row_fields(Batch(batch.problem, others, batch.lengths, batch.kv_offset), at, begin, end);
}

template <class Batch>
void fill_serial(Batch& batch, const dense_lengths* lengths) {
  const totals none{};
  const std::int64_t requests = batch.problem.batch_size;
  const segment_index whole{&none, 1, requests};
  complete_rule(batch, [&] { return add_requests(batch, 0, requests, none).tokens; });
  const totals all = add_up(batch, lengths, 0, requests, none);
  write_requests(batch, lengths, 0, requests, none);
  if (const std::int64_t rows = rows_to_write(batch.out, batch.rows(all)); rows > 0)
    write_rows(batch, lengths, whole, 0, rows, rows);
  if (all.table_units > 0) write_page_tables(batch, locate_unit(batch, whole, 0), 0, all.table_units);
  write_outcome(batch, whole, all);
}

/// A batch cut into segments of requests that tasks take.
class segments {
 public:
  segments(std::int64_t requests, std::int64_t grain)
      : requests_(requests),
        count_(static_cast<int>(std::clamp<std::int64_t>(requests / least_segment, 1, max_segments))),
        length_((requests + count_ - 1) / count_),
        grain_(std::max<std::int64_t>(1, grain / std::max<std::int64_t>(1, length_))) {}

  /// Finds what stands before each segment, and the totals of all. `before` a segment as of an earlier scan.
  template <class Batch>
  totals scan(const Batch& batch, const dense_lengths* lengths) {
    in_pieces(count_, grain_, [&](std::int64_t first, std::int64_t last) {
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
  void for_each(Visit visit) const {
    in_pieces(count_, grain_, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t segment = first; segment < last; ++segment)
        visit(begin(segment), begin(segment + 1), before_[static_cast<std::size_t>(segment)]);
    });
  }

  segment_index index() const { return {before_.data(), count_, length_}; }

 private:
  std::int64_t begin(std::int64_t segment) const { return std::min(segment * length_, requests_); }

  std::int64_t requests_;
  int count_;
  std::int64_t length_;
  std::int64_t grain_;  ///< segments a task takes at least
  std::array<totals, max_segments> before_{};
};

template <class Batch>
void fill_parallel(Batch& batch, const dense_lengths* lengths, std::int64_t grain) {
  segments parts(batch.problem.batch_size, grain);
  complete_rule(batch, [&] { return parts.scan(batch, lengths).tokens; });
  const totals all = parts.scan(batch, lengths);
  if (wants_request_fields(batch.out))
    parts.for_each([&](std::int64_t begin, std::int64_t end, const totals& before) {
      write_requests(batch, lengths, begin, end, before);
    });

  const std::int64_t rows = rows_to_write(batch.out, batch.rows(all));
  in_pieces(rows, grain,
            [&](std::int64_t begin, std::int64_t end) { write_rows(batch, lengths, parts.index(), begin, end, rows); });
  // However many units garbage lengths ask for, the pieces stay few: those past the tables' last row end at once.
  const std::int64_t piece = std::max({std::int64_t{1}, grain / table_tile, all.table_units / max_pieces});
  in_pieces(all.table_units, piece, [&](std::int64_t begin, std::int64_t end) {
    write_page_tables(batch, locate_unit(batch, parts.index(), begin), begin, end);
  });
  write_outcome(batch, parts.index(), all);
}

/// Calls `use(batch, lengths)` with the code that serves the work at hand and no more.
template <class Use>
void with_batch(const nsameta_problem& problem, const nsameta_outputs& out, Use use) {
  const batch_lengths stated = nsameta::lengths_of(problem);
  const auto with = [&]<class Rule, bool tables>(const dense_lengths* lengths) {
    batch<Rule, tables ? table_tile : 0> work(problem, out, stated, out.length_offset);
    use(work, lengths);
  };
  const auto with_rule = [&]<class Rule>(const dense_lengths* lengths) {
    wants_tables(out) ? with.template operator()<Rule, true>(lengths) : with.template operator()<Rule, false>(lengths);
  };
  if (dense_lengths::fits(problem, out)) {
    const dense_lengths lengths(problem, out);
    with_rule.template operator()<plain_rule>(&lengths);
  } else if (is_plain(problem)) {
    with_rule.template operator()<plain_rule>(nullptr);
  } else {
    with_rule.template operator()<general_rule>(nullptr);
  }
}

}  // namespace

void fill_serial(const nsameta_problem& problem, const nsameta_outputs& out) {
  if (fill_in_one_walk(problem, out)) return;
  with_batch(problem, out, [](auto& batch, const dense_lengths* lengths) { fill_serial(batch, lengths); });
}

void fill_parallel(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t grain) {
  // Work for one task needs no other thread.
  if (problem.batch_size <= grain && vector_rows(out, int32_max) <= grain && fill_in_one_walk(problem, out)) return;
  const scheduler_use use;
  if (!use) return fill_serial(problem, out);
  tbb::this_task_arena::isolate([&] {
    with_batch(problem, out,
               [grain](auto& batch, const dense_lengths* lengths) { fill_parallel(batch, lengths, grain); });
  });
}

}  // namespace nsameta::cpu
