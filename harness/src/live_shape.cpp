#include "harness/live_shape.h"

#include <algorithm>
#include <limits>

#include "plans.h"
#include "problem.h"

namespace nsameta::harness {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

std::int64_t sane(std::int64_t length) { return std::clamp<std::int64_t>(length, 0, int32_max); }

std::int64_t rows_of_request(const problem_data& problem, std::int64_t r) {
  if (problem.uniform_extend_len > 0) return sane(problem.uniform_extend_len);
  if (problem.extend_seq_lens.present()) return sane(problem.extend_seq_lens[r]);
  return row_of(problem.mode).takes_uniform ? 0 : 1;
}

bool is_live(const problem_data& problem, std::int64_t r) {
  return !problem.live_requests || r < *problem.live_requests;
}

/// Its length after the step, if there were no limit.
std::int64_t whole_length(const problem_data& problem, std::int64_t length_offset, std::int64_t r) {
  constexpr std::int64_t far = std::int64_t{1} << 62;  // leaves room for the offset
  const std::int64_t rejected = problem.num_rejected.present() ? sane(problem.num_rejected[r]) : 0;
  const std::int64_t s = sane(std::clamp(problem.seq_lens[r], -far, far) - rejected + length_offset);
  return row_of(problem.mode).drafts ? std::min(s + rows_of_request(problem, r), int32_max) : s;
}

std::int64_t within_limit(const nsameta_problem& problem, std::int64_t positions) {
  return problem.context_limit == 0 ? positions : std::min(positions, problem.context_limit);
}

std::int64_t table_positions(const problem_data& problem, std::int64_t length_offset, std::int64_t r) {
  if (!problem.req_pool_indices.present() || !is_live(problem, r)) return 0;
  const token_table& table = problem.req_to_token;
  const std::int64_t slot = problem.req_pool_indices[r];
  const std::int64_t length = within_limit(problem.view(), whole_length(problem, length_offset, r));
  return slot >= 0 && slot < table.slots ? std::min(length, table.width) : 0;
}

/// Of `count` things cut into `parts` pieces, the first ones of which are one longer: where piece `part` begins.
std::int64_t begin_of_part(std::int64_t count, std::int64_t parts, std::int64_t part) {
  return part * (count / parts) + std::min(part, count % parts);
}

std::int64_t size_of_part(std::int64_t count, std::int64_t parts, std::int64_t part) {
  return begin_of_part(count, parts, part + 1) - begin_of_part(count, parts, part);
}

struct own_rows {
  std::int64_t first;
  std::int64_t mirror;  ///< of a zigzag; behind the first of every request
};

/// The rank's part of the flat tokens [begin, end), which are a request's, of `tokens` in the batch.
own_rows deal(const nsameta_q_shard& shard, std::int64_t begin, std::int64_t end, std::int64_t tokens) {
  const std::int64_t size = shard.size, rank = shard.rank;
  if (size == 1 || tokens < size) return {end - begin, 0};
  switch (shard.kind) {
    case NSAMETA_Q_SHARD_CONTIGUOUS: {
      const std::int64_t from = std::max(begin, begin_of_part(tokens, size, rank));
      const std::int64_t to = std::min(end, begin_of_part(tokens, size, rank + 1));
      return {std::max<std::int64_t>(to - from, 0), 0};
    }
    case NSAMETA_Q_SHARD_ZIGZAG:
      return {size_of_part(end - begin, 2 * size, rank), size_of_part(end - begin, 2 * size, 2 * size - 1 - rank)};
    default: {
      const auto before = [&](std::int64_t token) { return (token - rank + size - 1) / size; };
      return {before(end) - before(begin), 0};
    }
  }
}

}  // namespace

live_shape live_shape_of(const problem_data& problem, std::int64_t length_offset) {
  live_shape shape;
  shape.problem = problem.view();
  const std::int64_t requests = problem.batch_size();
  std::int64_t tokens = 0;
  for (std::int64_t r = 0; r < requests; ++r) tokens += rows_of_request(problem, r);
  const bool sharded = problem.q_shard.size > 1 && tokens >= problem.q_shard.size;

  std::int64_t start = 0;
  for (std::int64_t r = 0; r < requests; ++r) {
    const std::int64_t end = start + rows_of_request(problem, r);
    const own_rows own = deal(problem.q_shard, start, end, tokens);
    const std::int64_t rows = own.first + own.mirror;
    start = end;
    if (sharded && rows == 0) continue;
    const own_rows shown = row_of(problem.mode).table_row_a_row ? own : own_rows{1, 0};
    const std::int64_t length = is_live(problem, r) ? whole_length(problem, length_offset, r) : 0;
    const std::int64_t tokens_within =
        !is_live(problem, r) || !problem.extend_seq_lens.present() ? rows : sane(problem.extend_seq_lens[r]);
    shape.requests.push_back({r, rows, shown.first, shown.mirror, table_positions(problem, length_offset, r),
                              within_limit(shape.problem, length), length - tokens_within + 1});
    shape.rows += rows;
    shape.table_rows += shown.first + shown.mirror;
  }
  if (!shape.requests.empty()) shape.padding = shape.requests.back();
  shape.padding.rows = 1;
  shape.padding.first = is_live(problem, shape.padding.index) ? 1 : 0;
  return shape;
}

nsameta_vector live_part(const vector_field& field, const nsameta_vector& vector, const live_shape& shape) {
  const std::int64_t padded = field.is_row_length() && shape.problem.batch_size > 0 ? shape.problem.pad_rows_to : 0;
  const std::int64_t live = element_count(field.size, std::ssize(shape.requests), std::max(shape.rows, padded));
  return {vector.data, std::min(vector.capacity, live), vector.dtype};
}

nsameta_vector live_part(const nsameta_plan& plan, std::size_t buffer, const live_shape& shape) {
  const plan_buffer& named = row_of(plan.kind).buffers[buffer];
  const nsameta_vector& vector = plan.buffers[buffer];
  const auto* const first = static_cast<const std::int32_t*>(plan.buffers[0].data);
  const nsameta_problem& problem = shape.problem;
  std::int64_t rows = rows_of(plan, named, problem, lengths_of(problem).uniform_rows);
  if (plan.kind == NSAMETA_PLAN_TOPK) rows = 1 + std::int64_t{first[1]};
  if (named.rows == plan_buffer::listed) rows = first[rows_of(plan, row_of(plan.kind).buffers[0], problem, 0) - 1];
  if (named.rows == plan_buffer::batch_rows) rows = shape.rows;
  if (named.rows == plan_buffer::padded_rows) rows = std::max(shape.rows, padding_end(plan, named, problem));
  if (named.rows == plan_buffer::works) {  // as many as a sum says, of works or of pieces
    const nsameta_vector& sums = plan.buffers[buffer == 1 ? 0 : 2];
    const std::int64_t counted =
        buffer == 1 ? plan.parts : problem.batch_size * lengths_of(problem).uniform_rows * plan.head_ratio;
    rows = static_cast<const std::int32_t*>(sums.data)[counted];
  }
  return {vector.data, std::clamp<std::int64_t>(rows * columns_of(plan, named, problem), 0, vector.capacity),
          vector.dtype};
}

namespace {

std::int64_t rounded_up(std::int64_t count, std::int64_t by) { return (count + by - 1) / by * by; }

/// Columns of row `j` of a request in a plan's table, however many that has.
std::int64_t live_columns(const nsameta_plan& plan, const live_shape& shape, const live_request& request,
                          std::int64_t j) {
  if (plan.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS)
    return rounded_up(request.length, std::int64_t{plan.block} * plan.ratio) / (std::int64_t{plan.block} * plan.ratio);
  if (plan.kind == NSAMETA_PLAN_WINDOW)
    return rounded_up(plan.window + (plan.whole_step != 0 ? request.rows : 0), plan.index_align);
  if (plan.invalid_tail != 0 && plan.columns > 0) return plan.columns;
  const std::int64_t seen = within_limit(shape.problem, std::clamp<std::int64_t>(request.first + j, 0, int32_max));
  const table_field own{"", nullptr, column::local_position};
  const std::int64_t entries = own.columns(seen / plan.ratio, shape.problem);
  const std::int64_t read = plan.topk == 0 ? entries : std::min<std::int64_t>(entries, plan.topk);
  return rounded_up(std::max<std::int64_t>(read, 1), plan.index_align);
}

/// Calls `visit(request, j)` for the rows of a plan's table, in their order.
template <class Visit>
void visit_rows(const nsameta_plan& plan, const live_shape& shape, const Visit& visit) {
  const bool of_requests = plan.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS && plan.preset == NSAMETA_BLOCKS_OF_REQUESTS;
  for (const live_request& request : shape.requests)
    for (std::int64_t j = 0; j < (of_requests ? 1 : request.rows); ++j) visit(request, j);
  for (std::int64_t row = shape.rows; row < padding_end(plan, row_of(plan.kind).buffers[0], shape.problem); ++row)
    visit(shape.padding, 0);
}

}  // namespace

std::vector<std::span<const std::int32_t>> live_rows(const nsameta_plan& plan, std::size_t buffer,
                                                     const live_shape& shape) {
  const nsameta_vector& table = plan.buffers[buffer];
  std::vector<std::span<const std::int32_t>> rows;
  visit_rows(plan, shape, [&](const live_request& request, std::int64_t j) {
    if (std::ssize(rows) == table.capacity / plan.columns) return;
    std::int64_t live = std::min<std::int64_t>(live_columns(plan, shape, request, j), plan.columns);
    if (plan.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS && request.positions == 0 && shape.problem.req_to_token.width > 0)
      live = 0;  // a bad slot
    rows.emplace_back(static_cast<const std::int32_t*>(table.data) + std::ssize(rows) * plan.columns,
                      static_cast<std::size_t>(live));
  });
  return rows;
}

std::int64_t columns_needed(const nsameta_plan& plan, const live_shape& shape) {
  std::int64_t most = 1;
  visit_rows(plan, shape, [&](const live_request& request, std::int64_t j) {
    most = std::max(most, live_columns(plan, shape, request, j));
  });
  return most;
}

std::vector<std::span<const std::int32_t>> live_rows(const table_field& field, const nsameta_table& table,
                                                     const live_shape& shape) {
  std::vector<std::span<const std::int32_t>> rows;
  if (table.data == nullptr) return rows;
  for (const auto copies : {&live_request::table_rows, &live_request::mirror_rows})
    for (const live_request& request : shape.requests) {
      const auto columns =
          static_cast<std::size_t>(std::min(field.columns(request.positions, shape.problem), table.width));
      for (std::int64_t copy = 0; copy < request.*copies && std::ssize(rows) < table.rows; ++copy)
        rows.emplace_back(table.data + std::ssize(rows) * table.row_stride, columns);
    }
  return rows;
}

}  // namespace nsameta::harness
