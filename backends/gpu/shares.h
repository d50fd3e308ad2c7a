/// Work is dealt to the warps of a part in shares: runs of consecutive rows, requests or page-table units, all of about
/// the same length whatever the requests hold.
#pragma once

#include "gpu/batch_scan.h"
#include "gpu/grid.h"
#include "gpu/warp_window.h"

namespace nsameta::gpu {

/// A run of positions.
struct share {
  std::int64_t begin, end;
};

/// The share of warp `index` out of `count`: a multiple of `granule` positions, except for the last one.
NSAMETA_DEVICE share share_of(std::int64_t total, std::int64_t index, std::int64_t count, std::int64_t granule) {
  std::int64_t length = (total + count - 1) / count;
  length = (length + granule - 1) / granule * granule;
  const std::int64_t begin = index * length < total ? index * length : total;
  return {begin, begin + length < total ? begin + length : total};
}

/// The last of `count` segments whose running count, which never falls, is at most `position`. `count` is a multiple of
/// the warp width; the lanes look together, a warp width of them at a time.
template <int count, device_lane L, class CountAt>
NSAMETA_DEVICE int last_segment_at(L& lane, std::int64_t position, CountAt count_at) {
  const int lane_index = lane.thread() % L::warp_width;
  int first = 0;
  for (int span = count; span > 1;) {
    const int stride = span > L::warp_width ? span / L::warp_width : 1;
    const bool at_most = lane_index * stride < span && count_at(first + lane_index * stride) <= position;
    const int votes = __builtin_popcountll(lane.ballot(at_most));
    first += votes > 0 ? (votes - 1) * stride : 0;
    span = stride;
  }
  return first;
}

/// Shows a warp its share of the batch. `Work` says what is dealt:
///   wanted                                 which totals it needs
///   total(all)                             positions in all; no more than have somewhere to go
///   granule                                positions that a warp should not split
///   count(index, before)                   positions before request `index`, which `before` precedes
///   visit(window, begin, end)              reached by all lanes of the warp: positions [begin, end), all of the window
/// Returns the totals of the batch, to all lanes of the block.
template <int block_threads, device_lane L, class Batch, class Work>
NSAMETA_DEVICE totals deal_shares(L& lane, Batch& batch, scan_memory<block_threads>& shared, const Work& work) {
  constexpr wanted_totals wanted = Work::wanted;
  const std::int64_t warp = warp_index<block_threads>(lane);
  const std::int64_t warps = warp_count<block_threads>(lane);
  const std::int64_t requests = batch.problem.batch_size;

  std::int64_t index = 0;
  totals before{}, all{};
  share mine{};
  bool whole = requests <= L::warp_width;  // one window holds the batch: there is nothing to scan before it
  if constexpr (Batch::rule_type::deals) whole = whole && batch.problem.q_shard.size == 1;
  if (!whole) {
    const scanned_batch scanned = scan_batch<wanted>(lane, batch, shared);
    all = scanned.all;
    if constexpr (!Batch::rule_type::deals) all.kept = static_cast<std::int32_t>(requests);  // every one
    mine = share_of(work.total(all), warp, warps, work.granule(all));
    if (mine.begin >= mine.end) return all;
    const int segment = last_segment_at<block_threads>(lane, mine.begin, [&](int at) {
      return work.count(at * scanned.segment_length, shared.segments.template load<wanted>(at));
    });
    index = segment * scanned.segment_length;
    before = shared.segments.template load<wanted>(segment);
  }
  do {
    const warp_window window = load_window<wanted>(lane, batch, index, before);
    if (whole) {
      all = window.through;
      if constexpr (!Batch::rule_type::deals) all.kept = static_cast<std::int32_t>(requests);
      mine = share_of(work.total(all), warp, warps, work.granule(all));
    }
    index += L::warp_width;
    before = window.through;
    const std::int64_t reach = work.count(index < requests ? index : requests, before);
    const std::int64_t end = mine.end < reach ? mine.end : reach;
    if (mine.begin < end) {
      work.visit(window, mine.begin, end);
      mine.begin = end;
    }
  } while (mine.begin < mine.end && index < requests);
  return all;
}

}  // namespace nsameta::gpu
