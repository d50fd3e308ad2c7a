/// The per-request outputs: cache_seqlens, cu_seqlens_k, cu_seqlens_q.
#pragma once

#include "common/stores.h"
#include "gpu/arguments.h"
#include "gpu/batch_scan.h"

namespace nsameta::gpu {

/// Each thread writes its own segment. Warps are dealt over the grid, so that no segment is written twice and no block
/// writes them all.
template <device_lane L, class Rule, int block_threads>
NSAMETA_DEVICE void write_request_fields(L& lane, const fill_arguments& arguments, const Rule& rule,
                                         const scanned_batch<block_threads>& batch) {
  const nsameta_problem& problem = arguments.problem;
  const nsameta_outputs& out = arguments.outputs;
  if (!present(out.cache_seqlens) && !present(out.cu_seqlens_k) && !present(out.cu_seqlens_q)) return;
  if (lane.thread() / L::warp_width % lane.block_count() != lane.block()) return;
  const std::int64_t begin = lane.thread() * batch.segments.length;
  totals before = batch.before_segment;
  for (std::int64_t i = begin; i < begin + batch.segments.length && i < problem.batch_size; ++i) {
    const totals own = totals_of(rule, load_request(problem, i));
    if (present(out.cache_seqlens)) store_value(out.cache_seqlens, i, own.kv_len);
    if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, i, before.kv_len);
    if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, i, before.rows);
    before = before + own;
  }
}

}  // namespace nsameta::gpu
