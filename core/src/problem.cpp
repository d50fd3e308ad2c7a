#include "problem.h"

#include <algorithm>
#include <limits>

#include "fields.h"

namespace nsameta {

std::int64_t row_bound(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (problem.mode == NSAMETA_DECODE) return problem.batch_size;
  if (problem.extend_seq_lens.data == nullptr) {
    std::int64_t rows = 0;
    return __builtin_mul_overflow(problem.batch_size, problem.uniform_extend_len, &rows) ? most : rows;
  }
  std::int64_t smallest = most;
  bool any = false;
  for (const vector_field& field : vector_fields) {
    const bool row = field.size == extent::rows;
    const nsameta_vector& vector = outputs.*field.member;
    if ((!row && field.size != extent::rows_plus_one) || vector.data == nullptr) continue;
    smallest = std::min(smallest, std::max<std::int64_t>(0, row ? vector.capacity : vector.capacity - 1));
    any = true;
  }
  return any ? smallest : 0;
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
