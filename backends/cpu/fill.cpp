#include "cpu/fill.h"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>

#include "common/outcome.h"
#include "cpu/request_fields.h"
#include "cpu/row_fields.h"

namespace nsameta::cpu {
namespace {

/// Segments of a large batch: enough to balance any machine, few enough for the stack.
constexpr int max_segments = 256;

struct starts_in_array {
  const totals* before;
  std::int64_t rows(int segment) const { return before[segment].rows; }
  totals totals_before(int segment) const { return before[segment]; }
};
using segments_in_array = segment_index<starts_in_array>;

void write_tails(const nsameta_outputs& out, std::int64_t requests, const totals& all) {
  for_each_tail(out, requests, all, [](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (!present(vector)) return;
    for (std::int64_t i = live; i < vector.capacity; ++i) store_sum(vector, i, value);
  });
}

template <class Rule>
void fill_serial(const nsameta_problem& problem, const nsameta_outputs& out, const Rule& rule) {
  const totals none{};
  const totals all = write_request_fields(problem, out, rule, 0, problem.batch_size, none);
  const segments_in_array whole{{&none}, 1, problem.batch_size};
  if (const std::int64_t end = rows_to_write(out, all.rows); end > 0)
    write_row_fields(problem, out, rule, locate(problem, rule, whole, 0), 0, end);
  write_tails(out, problem.batch_size, all);
  write_outcome(problem, out, rule, whole, all);
}

template <class Rule>
void fill_parallel(const nsameta_problem& problem, const nsameta_outputs& out, const Rule& rule, std::int64_t grain) {
  const std::int64_t requests = problem.batch_size;
  const int count = static_cast<int>(std::clamp<std::int64_t>(requests / grain, 1, max_segments));
  const std::int64_t length = (requests + count - 1) / count;
  std::array<totals, max_segments> before;
  const auto bounds = [=](int segment) {
    return std::array{std::min(segment * length, requests), std::min((segment + 1) * length, requests)};
  };

  tbb::parallel_for(0, count, [&](int segment) {
    const auto [begin, end] = bounds(segment);
    before[static_cast<std::size_t>(segment)] = add_requests(problem, rule, begin, end);
  });
  totals all{};
  for (int segment = 0; segment < count; ++segment) {
    const totals own = before[static_cast<std::size_t>(segment)];
    before[static_cast<std::size_t>(segment)] = all;
    all = all + own;
  }

  tbb::parallel_for(0, count, [&](int segment) {
    const auto [begin, end] = bounds(segment);
    write_request_fields(problem, out, rule, begin, end, before[static_cast<std::size_t>(segment)]);
  });
  const segments_in_array segments{{before.data()}, count, length};
  using row_range = tbb::blocked_range<std::int64_t>;
  tbb::parallel_for(row_range(0, rows_to_write(out, all.rows), static_cast<std::size_t>(grain)),
                    [&](const row_range& rows) {
                      const located_request at = locate(problem, rule, segments, rows.begin());
                      write_row_fields(problem, out, rule, at, rows.begin(), rows.end());
                    });
  write_tails(out, requests, all);
  write_outcome(problem, out, rule, segments, all);
}

}  // namespace

void fill_serial(const nsameta_problem& problem, const nsameta_outputs& out) {
  with_rule(problem, [&](const auto& rule) { fill_serial(problem, out, rule); });
}

void fill_parallel(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t grain) {
  tbb::this_task_arena::isolate(
      [&] { with_rule(problem, [&](const auto& rule) { fill_parallel(problem, out, rule, grain); }); });
}

}  // namespace nsameta::cpu
