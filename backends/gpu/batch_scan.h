/// The scan over requests that every block makes for itself: a few KB of lengths from L2 cost less than waiting for
/// another block. Each thread adds up one segment of consecutive requests; a scan over the threads' totals follows.
#pragma once

#include "common/locate.h"
#include "gpu/device_layer.h"

namespace nsameta::gpu {

/// Totals before each thread's segment, one array a member, so that a search touches row counts alone.
template <int block_threads>
struct segment_starts {
  std::int64_t rows_before[block_threads];
  std::int64_t kv_len_before[block_threads];
  std::int64_t clamped_before[block_threads];

  NSAMETA_DEVICE std::int64_t rows(int segment) const { return rows_before[segment]; }
  NSAMETA_DEVICE totals totals_before(int segment) const {
    return {rows_before[segment], kv_len_before[segment], clamped_before[segment], 0};
  }
};

/// Shared memory of a block.
template <int block_threads>
struct block_memory {
  segment_starts<block_threads> starts;
  totals warp_totals[block_threads / 32];  ///< half of it used on 64-wide wavefronts
};

/// Reads segment starts in place: they are too many to copy.
template <int block_threads>
struct starts_in_shared_memory {
  const segment_starts<block_threads>* memory;
  NSAMETA_DEVICE std::int64_t rows(int segment) const { return memory->rows(segment); }
  NSAMETA_DEVICE totals totals_before(int segment) const { return memory->totals_before(segment); }
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

/// The batch as one block sees it after the scan.
template <int block_threads>
struct scanned_batch {
  segment_index<starts_in_shared_memory<block_threads>> segments;
  totals before_segment;  ///< of this thread's segment
  totals all;
};

template <device_lane L, class Rule, int block_threads>
NSAMETA_DEVICE scanned_batch<block_threads> scan_batch(L& lane, const nsameta_problem& problem, const Rule& rule,
                                                       block_memory<block_threads>& shared) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(warps <= L::warp_width, "the first warp scans the totals of all warps");
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;

  const std::int64_t length = (problem.batch_size + block_threads - 1) / block_threads;
  const std::int64_t begin = lane.thread() * length;
  totals own{};
  for (std::int64_t i = begin; i < begin + length && i < problem.batch_size; ++i)
    own = own + totals_of(rule, load_request(problem, i));

  const totals through = warp_scan(lane, lane_index, own);
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

  shared.starts.rows_before[lane.thread()] = before.rows;
  shared.starts.kv_len_before[lane.thread()] = before.kv_len;
  shared.starts.clamped_before[lane.thread()] = before.clamped;
  lane.barrier();
  return {{{&shared.starts}, block_threads, length}, before, all};
}

}  // namespace nsameta::gpu
