#include "cpu/request_fields.h"

#include "common/stores.h"

namespace nsameta::cpu {

totals add_requests(const nsameta_problem& problem, std::int64_t begin, std::int64_t end) {
  totals sum{};
  for (std::int64_t i = begin; i < end; ++i) sum = sum + totals_of(load_request(problem, i), problem.index_topk);
  return sum;
}

totals write_request_fields(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t begin,
                            std::int64_t end, totals before) {
  for (std::int64_t i = begin; i < end; ++i) {
    const request r = load_request(problem, i);
    if (present(out.cache_seqlens)) store_value(out.cache_seqlens, i, r.kv_len);
    if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, i, before.kv_len);
    if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, i, before.rows);
    before = before + totals_of(r, problem.index_topk);
  }
  return before;
}

}  // namespace nsameta::cpu
