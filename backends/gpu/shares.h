/// Work is dealt to the warps of a part in shares: runs of consecutive rows, requests or page-table units, all of about
/// the same length whatever the requests hold.
#pragma once

#include "gpu/grid.h"
#include "gpu/warp_window.h"

namespace nsameta::gpu {

/// A run of positions.
template <class N>
struct share {
  N begin, end;
};

/// The share of warp `index` out of `count`: a multiple of `granule` positions, which is a power of two, except for the
/// last one.
template <class N>
NSAMETA_DEVICE share<N> share_of(N total, int index, int count, N granule) {
  N length = granule;
  // Where one granule a warp does not do, there is work enough to hide a division, which takes some hundred cycles.
  if (total > count * granule) length = ((total + count - 1) / count + granule - 1) & -granule;
  const N begin = smaller(index * length, total);
  return {begin, smaller(begin + length, total)};
}

/// The last of `count` entries whose running count, which never falls, is at most `position`; 0 if there is none. The
/// lanes of a warp look together, a warp width of entries at a time.
template <class N, thread_context L, class CountAt>
NSAMETA_DEVICE int last_entry_at(L& lane, int count, N position, CountAt count_at) {
  const int lane_index = lane.thread() % L::warp_width;
  int first = 0;
  for (int stride = max_segments / L::warp_width;; stride = 1) {
    const int entry = first + lane_index * stride;
    const int votes = __builtin_popcountll(lane.ballot(entry < count && count_at(entry) <= position));
    if (votes > 0) first += (votes - 1) * stride;
    if (stride == 1) return first;
  }
}

/// Shows a warp its share of the batch. `Work` says what is dealt:
///   wanted                        which totals it needs
///   total(all)                    positions in all; no more than have somewhere to go
///   granule(all)                  positions that a warp should not split, a power of two
///   count(index, before)          positions before request `index`, which `before` precedes
///   visit(window, begin, end)     positions [begin, end), all of the window; reached by all lanes of the warp
/// Returns the totals of the batch, to all lanes of the block.
template <int block_threads, thread_context L, class Batch, class Work>
NSAMETA_DEVICE auto deal_shares(L& lane, Batch& batch, scan_memory<typename Batch::number, block_threads>& shared,
                                const Work& work) {
  using number = typename Batch::number;
  constexpr wanted_totals wanted = Work::wanted;
  const int warp = warp_index<block_threads>(lane);
  const int warps = warp_count<block_threads>(lane);
  const auto requests = static_cast<number>(batch.lengths.requests);

  bool one_window = requests <= L::warp_width;  // a warp can do without the scan
  if constexpr (Batch::rule_type::deals) one_window = one_window && batch.problem.q_shard.size == 1;
  bool by_request = false;
  number index = 0;
  typename Batch::totals_type before{}, all{};
  share<number> mine{};
  if (!one_window) {
    const auto scanned = scan_batch<wanted>(lane, batch, shared);
    all = scanned.all;
    mine = share_of<number>(work.total(all), warp, warps, work.granule(all));
    if (mine.begin >= mine.end) return all;
    const number length = scanned.segment_length;
    by_request = length == 1;
    const int segment = last_entry_at(lane, scanned.segments, mine.begin, [&](int at) {
      return work.count(smaller(at * length, requests), shared.before.template load<wanted>(at));
    });
    index = segment * length;
    before = shared.before.template load<wanted>(segment);
  }
  do {
    const auto window = by_request ? stored_window<wanted>(lane, batch, index, shared, all)
                                   : load_window<wanted>(lane, batch, index, before);
    index += L::warp_width;
    before = window.through;
    if (one_window) {
      all = before;
      if constexpr (!Batch::rule_type::deals) all.kept = static_cast<std::int32_t>(requests);
      mine = share_of<number>(work.total(all), warp, warps, work.granule(all));
    }
    const number end = smaller(mine.end, work.count(smaller(index, requests), before));
    if (mine.begin < end) {
      work.visit(window, mine.begin, end);
      mine.begin = end;
    }
  } while (mine.begin < mine.end && index < requests);
  return all;
}

}  // namespace nsameta::gpu
