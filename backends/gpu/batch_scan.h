/// The scan over requests that every block makes for itself: a few KB of lengths from L2 cost less than waiting for
/// another block. Each thread adds up one segment of consecutive requests; a scan over the threads' totals follows.
#pragma once

#include "common/locate.h"
#include "common/request_fields.h"
#include "gpu/device_layer.h"

namespace nsameta::gpu {

/// Shared memory of a block.
template <int block_threads>
struct block_memory {
  totals segments[block_threads];          ///< before each thread's segment
  totals warp_totals[block_threads / 32];  ///< half of it used on 64-wide wavefronts
};

/// The batch as one block sees it after the scan.
struct scanned_batch {
  segment_index segments;
  std::int64_t segment_begin, segment_end;  ///< requests of this thread's segment
  totals before_segment;
  totals all;
};

/// Inclusive scan over the lanes of a warp.
template <device_lane L>
NSAMETA_DEVICE totals warp_scan(L& lane, int lane_index, totals sum) {
  for (int delta = 1; delta < L::warp_width; delta *= 2) {
    const totals earlier = lane.shuffle_up(sum, delta);
    if (lane_index >= delta) sum = earlier + sum;
  }
  return sum;
}

/// Adds up this thread's segment, whose first request `before` precedes, and scans the sums over the block.
template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE scanned_batch scan_segments(L& lane, const Batch& batch, const totals& before_it,
                                           block_memory<block_threads>& shared) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(warps <= L::warp_width, "the first warp's lanes hold the totals of all warps");
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;

  const std::int64_t requests = batch.problem.batch_size;
  const std::int64_t length = (requests + block_threads - 1) / block_threads;
  const std::int64_t begin = lane.thread() * length < requests ? lane.thread() * length : requests;
  const std::int64_t end = begin + length < requests ? begin + length : requests;

  const totals through = warp_scan(lane, lane_index, add_requests(batch, begin, end, before_it));
  if (lane_index == L::warp_width - 1) shared.warp_totals[warp] = through;
  lane.barrier();
  // Every warp scans the warp totals for itself: cheaper than a second barrier.
  const totals warp_total = lane_index < warps ? shared.warp_totals[lane_index] : totals{};
  const totals through_warp = warp_scan(lane, lane_index, warp_total);
  const totals all = lane.broadcast(through_warp, warps - 1);
  const totals before_warp = lane.broadcast(through_warp, warp > 0 ? warp - 1 : 0);
  totals before = lane.shuffle_up(through, 1);
  if (lane_index == 0) before = totals{};
  if (warp > 0) before = before_warp + before;

  shared.segments[lane.thread()] = before;
  lane.barrier();
  return {{shared.segments, block_threads, length}, begin, end, before, all};
}

/// Scans the whole batch. `batch.rule` is completed: whether tokens are dealt over a q shard depends on how many there
/// are, which a first scan finds out.
template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE scanned_batch scan_batch(L& lane, Batch& batch, block_memory<block_threads>& shared) {
  const scanned_batch scanned = scan_segments(lane, batch, totals{}, shared);
  const nsameta_q_shard& shard = batch.problem.q_shard;
  if constexpr (requires { batch.rule.deal_tokens(shard, 0); }) {
    if (shard.size > 1 && scanned.all.tokens >= shard.size) {
      batch.rule.deal_tokens(shard, scanned.all.tokens);
      return scan_segments(lane, batch, scanned.before_segment, shared);
    }
  }
  return scanned;
}

}  // namespace nsameta::gpu
