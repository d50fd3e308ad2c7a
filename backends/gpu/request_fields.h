/// The per-request outputs: cache_seqlens, cu_seqlens_k, cu_seqlens_q.
#pragma once

#include "common/request_fields.h"
#include "gpu/batch_scan.h"

namespace nsameta::gpu {

/// Each thread writes its own segment. Warps are dealt over the grid, so that no segment is written twice and no block
/// writes them all.
template <device_lane L, class Batch>
NSAMETA_DEVICE void write_request_fields(L& lane, const Batch& batch, const scanned_batch& scanned) {
  const nsameta_outputs& out = batch.out;
  if (!present(out.cache_seqlens) && !present(out.cu_seqlens_k) && !present(out.cu_seqlens_q)) return;
  if (lane.thread() / L::warp_width % lane.block_count() != lane.block()) return;
  nsameta::write_request_fields(batch, scanned.segment_begin, scanned.segment_end, scanned.before_segment);
}

}  // namespace nsameta::gpu
