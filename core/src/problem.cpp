#include "problem.h"

#include <algorithm>
#include <limits>

#include "fields.h"

namespace nsameta {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

}  // namespace

row_outputs row_outputs_of(const nsameta_outputs& outputs) noexcept {
  row_outputs rows{0, most};
  for_each_wanted(outputs, [&]<std::size_t i>(const nsameta_vector& vector) {
    constexpr const vector_field& field = vector_fields[i];
    if constexpr (field.size == extent::rows || field.size == extent::rows_plus_one) {
      const std::int64_t held = field.size == extent::rows ? vector.capacity : vector.capacity - 1;
      rows.capacity = std::min(rows.capacity, std::max<std::int64_t>(0, held));
      ++rows.count;
    }
    return true;
  });
  return rows;
}

std::int64_t row_bound(const nsameta_problem& problem, const row_outputs& rows) noexcept {
  if (problem.mode == NSAMETA_DECODE) return problem.batch_size;
  if (problem.extend_seq_lens.data != nullptr) return rows.count == 0 ? 0 : rows.capacity;
  std::int64_t uniform = 0;
  return __builtin_mul_overflow(problem.batch_size, problem.uniform_extend_len, &uniform) ? most : uniform;
}

}  // namespace nsameta

void nsameta_problem_init(nsameta_problem* problem) {
  if (problem == nullptr) return;
  *problem = {};
  problem->struct_size = sizeof(nsameta_problem);
  problem->seq_lens.stride = 1;
  problem->extend_seq_lens.stride = 1;
  problem->req_pool_indices.stride = 1;
  problem->page_size = 64;
  problem->index_topk = 2048;
  problem->index_kpool = 1;
  problem->kv_shard = {1, 0, 1};
  problem->q_shard = {1, 0};
}

void nsameta_outputs_init(nsameta_outputs* outputs) {
  if (outputs == nullptr) return;
  *outputs = {};
  outputs->struct_size = sizeof(nsameta_outputs);
}
