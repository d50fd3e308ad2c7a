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

std::int64_t context_length(const problem_data& problem, std::int64_t length_offset, std::int64_t r) {
  constexpr std::int64_t far = std::int64_t{1} << 62;  // leaves room for the offset
  const std::int64_t rejected = problem.num_rejected.present() ? sane(problem.num_rejected[r]) : 0;
  const std::int64_t s = sane(std::clamp(problem.seq_lens[r], -far, far) - rejected + length_offset);
  const std::int64_t cached = row_of(problem.mode).drafts ? std::min(s + rows_of_request(problem, r), int32_max) : s;
  return problem.context_limit == 0 ? cached : std::min(cached, problem.context_limit);
}

std::int64_t table_positions(const problem_data& problem, std::int64_t length_offset, std::int64_t r) {
  if (!problem.req_pool_indices.present() || !is_live(problem, r)) return 0;
  const token_table& table = problem.req_to_token;
  const std::int64_t slot = problem.req_pool_indices[r];
  return slot >= 0 && slot < table.slots ? std::min(context_length(problem, length_offset, r), table.width) : 0;
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
    shape.requests.push_back({r, rows, shown.first, shown.mirror, table_positions(problem, length_offset, r)});
    shape.rows += rows;
    shape.table_rows += shown.first + shown.mirror;
  }
  return shape;
}

nsameta_vector live_part(const vector_field& field, const nsameta_vector& vector, const live_shape& shape) {
  const std::int64_t live = element_count(field.size, std::ssize(shape.requests), shape.rows);
  return {vector.data, std::min(vector.capacity, live), vector.dtype};
}

nsameta_vector live_part(const nsameta_plan& plan, std::size_t buffer, const live_shape& shape) {
  const plan_buffer& named = row_of(plan.kind).buffers[buffer];
  const nsameta_vector& vector = plan.buffers[buffer];
  const auto* const first = static_cast<const std::int32_t*>(plan.buffers[0].data);
  const nsameta_problem& problem = shape.problem;
  std::int64_t rows = rows_of(plan, named, problem, lengths_of(problem).uniform_rows);
  if (plan.kind == NSAMETA_PLAN_TOPK) rows = 1 + std::int64_t{first[1]};
  if (named.rows == plan_buffer::listed) rows = first[problem.batch_size];
  if (named.rows == plan_buffer::batch_rows) rows = shape.rows;
  if (named.rows == plan_buffer::works) {  // as many as a sum says, of works or of pieces
    const nsameta_vector& sums = plan.buffers[buffer == 1 ? 0 : 2];
    const std::int64_t counted =
        buffer == 1 ? plan.parts : problem.batch_size * lengths_of(problem).uniform_rows * plan.head_ratio;
    rows = static_cast<const std::int32_t*>(sums.data)[counted];
  }
  return {vector.data, std::clamp<std::int64_t>(rows * columns_of(plan, named, problem), 0, vector.capacity),
          vector.dtype};
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
