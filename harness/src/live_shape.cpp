#include "harness/live_shape.h"

#include <algorithm>
#include <limits>

#include "fields.h"

namespace nsameta::harness {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

std::int64_t sane(std::int64_t length) { return std::clamp<std::int64_t>(length, 0, int32_max); }

std::int64_t query_tokens(const problem_data& problem, std::int64_t r) {
  if (problem.mode == NSAMETA_DECODE) return 1;
  return sane(problem.extend_seq_lens.present() ? problem.extend_seq_lens[r] : problem.uniform_extend_len);
}

std::int64_t context_length(const problem_data& problem, std::int64_t r) {
  const std::int64_t s = sane(problem.seq_lens[r]);
  return problem.mode == NSAMETA_TARGET_VERIFY ? std::min(s + sane(problem.uniform_extend_len), int32_max) : s;
}

/// How many of the first `tokens` flat tokens belong to the rank.
std::int64_t dealt(const nsameta_q_shard& shard, std::int64_t tokens) {
  return (tokens - shard.rank + shard.size - 1) / shard.size;
}

}  // namespace

live_shape live_shape_of(const problem_data& problem) {
  live_shape shape;
  const std::int64_t requests = problem.batch_size();
  std::int64_t tokens = 0;
  for (std::int64_t r = 0; r < requests; ++r) tokens += query_tokens(problem, r);
  const bool sharded = problem.q_shard.size > 1 && tokens >= problem.q_shard.size;

  std::int64_t start = 0;
  for (std::int64_t r = 0; r < requests; ++r) {
    const std::int64_t end = start + query_tokens(problem, r);
    const std::int64_t rows = sharded ? dealt(problem.q_shard, end) - dealt(problem.q_shard, start) : end - start;
    if (!sharded || rows > 0) shape.requests.push_back({r, rows, context_length(problem, r)});
    shape.rows += rows;
    start = end;
  }
  shape.table_rows = problem.mode == NSAMETA_EXTEND ? std::ssize(shape.requests) : shape.rows;
  return shape;
}

nsameta_outputs live_view(const nsameta_outputs& outputs, const live_shape& shape) {
  nsameta_outputs live = outputs;
  for (const vector_field& field : vector_fields) {
    nsameta_vector& vector = live.*field.member;
    vector.capacity = std::min(vector.capacity, element_count(field.size, std::ssize(shape.requests), shape.rows));
  }
  for (const table_field& field : table_fields) {
    nsameta_table& table = live.*field.member;
    table.rows = std::min(table.rows, shape.table_rows);
  }
  return live;
}

}  // namespace nsameta::harness
