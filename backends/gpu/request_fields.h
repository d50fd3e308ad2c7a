/// The per-request outputs: cache_seqlens, cu_seqlens_k, cu_seqlens_q.
#pragma once

#include "common/stores.h"
#include "gpu/batch_scan.h"

namespace nsameta::gpu {

/// Each thread writes its own segment. Warps are dealt over the grid, so that no segment is written twice and no block
/// writes them all.
template <device_lane L, class Batch>
NSAMETA_DEVICE void write_request_fields(L& lane, const Batch& batch, const scanned_batch& scanned) {
  const nsameta_outputs& out = batch.out;
  if (!present(out.cache_seqlens) && !present(out.cu_seqlens_k) && !present(out.cu_seqlens_q)) return;
  if (lane.thread() / L::warp_width % lane.block_count() != lane.block()) return;
  const std::int64_t begin = lane.thread() * scanned.segments.length;
  totals before = scanned.before_segment;
  for (std::int64_t i = begin; i < begin + scanned.segments.length && i < batch.problem.batch_size; ++i) {
    const totals own = batch.totals_of(i, batch.load(i, before));
    if (own.kept != 0) {
      if (present(out.cache_seqlens)) store_value(out.cache_seqlens, before.kept, own.kv_len);
      if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, before.kept, before.kv_len);
      if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, before.kept, batch.rows(before));
    }
    before = before + own;
  }
}

}  // namespace nsameta::gpu
