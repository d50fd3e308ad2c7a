/// The scan over requests that every block makes for itself: a few KB of lengths from L2 cost less than waiting for
/// another block. Each thread adds up one segment of consecutive requests; a scan over the threads' totals follows.
#pragma once

#include "common/batch.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

/// Totals in shared memory, one array a member, so that lanes that read neighbours meet no bank conflict.
template <int count>
struct totals_array {
  std::int64_t sums[4][count];  ///< tokens, kv_len, clamped, table_units
  std::int32_t counts[2][count];  ///< kept, bits

  template <wanted_totals wanted>
  NSAMETA_DEVICE void store(int at, const totals& from) {
    if constexpr (wanted.tokens) sums[0][at] = from.tokens;
    if constexpr (wanted.kv_len) sums[1][at] = from.kv_len;
    if constexpr (wanted.clamped) sums[2][at] = from.clamped;
    if constexpr (wanted.table_units) sums[3][at] = from.table_units;
    if constexpr (wanted.kept) counts[0][at] = from.kept;
    if constexpr (wanted.bits) counts[1][at] = static_cast<std::int32_t>(from.bits);
  }
  template <wanted_totals wanted>
  NSAMETA_DEVICE totals load(int at) const {
    totals to{};
    if constexpr (wanted.tokens) to.tokens = sums[0][at];
    if constexpr (wanted.kv_len) to.kv_len = sums[1][at];
    if constexpr (wanted.clamped) to.clamped = sums[2][at];
    if constexpr (wanted.table_units) to.table_units = sums[3][at];
    if constexpr (wanted.kept) to.kept = counts[0][at];
    if constexpr (wanted.bits) to.bits = static_cast<std::uint32_t>(counts[1][at]);
    return to;
  }
};

/// Shared memory of the scan.
template <int block_threads>
struct scan_memory {
  totals_array<block_threads> segments;       ///< before each thread's segment
  totals_array<block_threads / 32> warps;     ///< half of it used on 64-wide wavefronts
};

/// The batch as one block sees it after the scan.
struct scanned_batch {
  std::int64_t segment_length;  ///< requests; a power of two
  totals before_segment;        ///< of this thread
  totals all;
};

/// Totals of requests [begin, end), which `before` precedes.
template <wanted_totals wanted, class Batch>
NSAMETA_DEVICE totals add_segment(const Batch& batch, std::int64_t begin, std::int64_t end, totals before) {
  totals sum{};
  const auto add = [&](std::int64_t i) {
    const request r = batch.load(i, before);
    before.tokens += r.tokens;  // all that load() asks of what stands before
    sum = sum + batch.template totals_of<wanted>(i, r);
  };
  if constexpr (Batch::rule_type::deals) {
    for (std::int64_t i = begin; i < end; ++i) add(i);
  } else {
    NSAMETA_UNROLL(4)  // loads in flight
    for (std::int64_t i = begin; i < end; ++i) add(i);
  }
  return sum;
}

/// Adds up this thread's segment, whose first request `before` precedes, and scans the sums over the block.
template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE scanned_batch scan_segments(L& lane, const Batch& batch, const totals& before_it,
                                           scan_memory<block_threads>& shared) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(warps <= L::warp_width, "the first lanes of a warp hold the totals of all warps");
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;

  const std::int64_t requests = batch.problem.batch_size;
  std::int64_t length = 1;
  while (length * block_threads < requests) length *= 2;
  const std::int64_t begin = lane.thread() * length < requests ? lane.thread() * length : requests;
  const std::int64_t end = begin + length < requests ? begin + length : requests;

  const totals own = add_segment<wanted>(batch, begin, end, before_it);
  const totals through = warp_scan<wanted>(lane, lane_index, own);
  if (lane_index == L::warp_width - 1) shared.warps.template store<wanted>(warp, through);
  lane.barrier();
  // Every warp scans the warps' totals for itself: cheaper than a second barrier.
  const totals warp_total = shared.warps.template load<wanted>(lane_index < warps ? lane_index : 0);
  const totals through_warp = warp_scan<wanted>(lane, lane_index, warp_total, warps);
  const totals all = totals_of_lane<wanted>(lane, through_warp, warps - 1);
  const totals before_warp = totals_of_lane<wanted>(lane, through_warp, warp > 0 ? warp - 1 : 0);
  totals before = totals_of_earlier_lane<wanted>(lane, through, 1);
  if (lane_index == 0) before = totals{};
  if (warp > 0) before = before_warp + before;

  shared.segments.template store<wanted>(lane.thread(), before);
  lane.barrier();
  return {length, before, all};
}

/// Scans the whole batch. `batch.rule` is completed: whether tokens are dealt over a q shard depends on how many there
/// are, which a first scan finds out.
template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE scanned_batch scan_batch(L& lane, Batch& batch, scan_memory<block_threads>& shared) {
  if constexpr (Batch::rule_type::deals) {
    const nsameta_q_shard& shard = batch.problem.q_shard;
    if (shard.size > 1) {
      constexpr wanted_totals tokens{.tokens = true};
      const scanned_batch scanned = scan_segments<tokens>(lane, batch, totals{}, shared);
      batch.rule.deal_tokens(shard, scanned.all.tokens);
      return scan_segments<wanted>(lane, batch, scanned.before_segment, shared);
    }
  }
  return scan_segments<wanted>(lane, batch, totals{}, shared);
}

}  // namespace nsameta::gpu
