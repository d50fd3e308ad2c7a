#include "cpu/fill.h"

#include <tbb/task_arena.h>

#include <algorithm>
#include <array>

#include "common/outcome.h"
#include "common/request_fields.h"
#include "cpu/page_tables.h"
#include "cpu/pieces.h"
#include "cpu/row_fields.h"

namespace nsameta::cpu {
namespace {

/// Segments of a large batch: enough to balance any machine, few enough for the stack.
constexpr int max_segments = 256;

/// Pieces of page-table work.
constexpr std::int64_t max_pieces = 4096;

/// Columns of a unit of page-table work.
constexpr int table_tile = 1024;

/// What does not stand per request or row: last sums, tails, the status word.
template <class Batch>
void write_outcome(const Batch& batch, const segment_index& segments, const totals& all) {
  write_request_ends(batch, all);
  write_row_ends(batch, all);
  const auto set = [](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (!present(vector)) return;
    for (std::int64_t i = live; i < vector.capacity; ++i) store_sum(vector, i, value);
  };
  for_each_request_tail(batch, all, set);
  for_each_row_tail(batch, all, set);
  if (!present(batch.out.status)) return;
  *static_cast<std::uint32_t*>(batch.out.status.data) =
      status_word(batch, all, [&](std::int64_t row) { return locate_row(batch, segments, row); });
}

/// Whether tokens are dealt over a q shard depends on how many there are: completes the rule with their number.
template <class Batch, class CountTokens>
void complete_rule(Batch& batch, CountTokens count_tokens) {
  if constexpr (requires { batch.rule.deal_tokens(batch.problem.q_shard, 0); })
    if (batch.problem.q_shard.size > 1) batch.rule.deal_tokens(batch.problem.q_shard, count_tokens());
}

template <class Batch>
void fill_serial(Batch& batch) {
  const totals none{};
  const std::int64_t requests = batch.problem.batch_size;
  complete_rule(batch, [&] { return add_requests(batch, 0, requests, none).tokens; });
  const totals all = write_request_fields(batch, 0, requests, none);
  const segment_index whole{&none, 1, requests};
  if (const std::int64_t rows = rows_to_write(batch.out, batch.rows(all)); rows > 0)
    write_row_fields(batch, locate_row(batch, whole, 0), 0, rows);
  if (all.table_units > 0) write_page_tables(batch, locate_unit(batch, whole, 0), 0, all.table_units);
  write_outcome(batch, whole, all);
}

/// A batch cut into segments of requests that tasks take.
class segments {
 public:
  segments(std::int64_t requests, std::int64_t grain)
      : requests_(requests),
        count_(static_cast<int>(std::clamp<std::int64_t>(requests / grain, 1, max_segments))),
        length_((requests + count_ - 1) / count_) {}

  /// Finds what stands before each segment, and the totals of all. `before` a segment as of an earlier scan.
  template <class Batch>
  totals scan(const Batch& batch) {
    in_pieces(count_, 1, [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t segment = first; segment < last; ++segment) {
        totals& own = before_[static_cast<std::size_t>(segment)];
        own = add_requests(batch, begin(segment), begin(segment + 1), own);
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
    in_pieces(count_, 1, [&](std::int64_t first, std::int64_t last) {
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
  std::array<totals, max_segments> before_{};
};

template <class Batch>
void fill_parallel(Batch& batch, std::int64_t grain) {
  segments parts(batch.problem.batch_size, grain);
  complete_rule(batch, [&] { return parts.scan(batch).tokens; });
  const totals all = parts.scan(batch);
  parts.for_each([&](std::int64_t begin, std::int64_t end, const totals& before) {
    write_request_fields(batch, begin, end, before);
  });

  in_pieces(rows_to_write(batch.out, batch.rows(all)), grain, [&](std::int64_t begin, std::int64_t end) {
    write_row_fields(batch, locate_row(batch, parts.index(), begin), begin, end);
  });
  // However many units garbage lengths ask for, the pieces stay few: those past the tables' last row end at once.
  const std::int64_t piece = std::max({std::int64_t{1}, grain / table_tile, all.table_units / max_pieces});
  in_pieces(all.table_units, piece, [&](std::int64_t begin, std::int64_t end) {
    write_page_tables(batch, locate_unit(batch, parts.index(), begin), begin, end);
  });
  write_outcome(batch, parts.index(), all);
}

/// Calls `use(batch)` with the code that serves the work at hand and no more.
template <class Use>
void with_batch(const nsameta_problem& problem, const nsameta_outputs& out, Use use) {
  const batch_lengths lengths = nsameta::lengths_of(problem);
  const auto with = [&]<class Rule, bool tables>() {
    batch<Rule, tables ? table_tile : 0> work(problem, out, lengths, out.length_offset);
    use(work);
  };
  if (is_plain(problem)) {
    wants_tables(out) ? with.template operator()<plain_rule, true>() : with.template operator()<plain_rule, false>();
  } else {
    wants_tables(out) ? with.template operator()<general_rule, true>()
                      : with.template operator()<general_rule, false>();
  }
}

}  // namespace

void fill_serial(const nsameta_problem& problem, const nsameta_outputs& out) {
  with_batch(problem, out, [](auto& batch) { fill_serial(batch); });
}

void fill_parallel(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t grain) {
  tbb::this_task_arena::isolate(
      [&] { with_batch(problem, out, [grain](auto& batch) { fill_parallel(batch, grain); }); });
}

}  // namespace nsameta::cpu
