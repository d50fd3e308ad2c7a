/// Work is dealt to the warps of a part in shares: runs of consecutive rows, requests or page-table units, all of about
/// the same length whatever the requests hold.
#pragma once

#include "gpu/batch_scan.h"
#include "gpu/grid.h"

namespace nsameta::gpu {

/// A run of positions.
template <class N>
struct share {
  N begin, end;
};

/// The share of warp `index` out of `count`: a multiple of `granule` positions, a power of two, except for the last one.
template <class N>
NSAMETA_DEVICE share<N> share_of(N total, int index, int count, N granule) {
  N length = granule;
  // Where one granule a warp does not do, there is work enough to hide a division, which takes some hundred cycles.
  if (total > count * granule) length = ((total + count - 1) / count + granule - 1) & -granule;
  const N begin = smaller(index * length, total);
  return {begin, smaller(begin + length, total)};
}

/// Consecutive requests, what stands before which is in shared memory: before request `first + i` entry `base + i`.
template <class N>
struct batch_view {
  int base, count;
  N first;
};

/// The last of `count` entries whose running count, which never falls, is at most `position`; 0 if there is none. The
/// lanes of a warp look together, a warp width of entries at a time.
template <class N, device_lane L, class CountAt>
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

/// What stands before each request of a window on the batch, as many consecutive requests as a warp has lanes: goes to
/// the warp's part of `shared.before`. Returns what stands before the next window.
template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE auto load_window(L& lane, const Batch& batch, typename Batch::number first,
                                const typename Batch::totals_type& before,
                                scan_memory<typename Batch::number, block_threads>& shared) {
  const int lane_index = lane.thread() % L::warp_width;
  const auto index = first + lane_index;
  const bool in_batch = index < batch.lengths.requests;
  typename Batch::totals_type own{};
  if constexpr (Batch::rule_type::deals) {  // a request's rows depend on the tokens before it
    constexpr wanted_totals only_tokens{.tokens = true};
    if (in_batch) own.tokens = load_request(batch.lengths, batch.kv_offset, index).tokens;
    totals tokens_before = warp_scan<only_tokens>(lane, lane_index, own);
    tokens_before.tokens += before.tokens - own.tokens;
    if (in_batch) own = batch.template totals_of<wanted>(index, batch.load(index, tokens_before));
  } else {
    if (in_batch) own = batch.template totals_of<wanted>(index, batch.load(index, before));
  }
  // Shifted by one lane and led by what precedes the window, an inclusive scan is the exclusive one.
  auto shifted = totals_of_earlier_lane<wanted>(lane, own, 1);
  if (lane_index == 0) shifted = before;
  const auto here = warp_scan<wanted>(lane, lane_index, shifted);
  lane.sync_warp();  // the lanes may still read the window before
  shared.before.template store<wanted>(max_segments + lane.thread(), here);
  lane.sync_warp();
  return totals_of_lane<wanted>(lane, here + own, L::warp_width - 1);
}

/// Shows a warp its share of the batch. `Work` says what is dealt:
///   wanted                        which totals it needs
///   total(all)                    positions in all; no more than have somewhere to go
///   granule(all)                  positions that a warp should not split, a power of two
///   count(index, before)          positions before request `index`, which `before` precedes
///   visit(view, begin, end)       positions [begin, end), all of the view; reached by all lanes of the warp
/// Returns the totals of the batch, to all lanes of the block.
template <int block_threads, device_lane L, class Batch, class Work>
NSAMETA_DEVICE auto deal_shares(L& lane, Batch& batch, scan_memory<typename Batch::number, block_threads>& shared,
                                const Work& work) {
  using number = typename Batch::number;
  constexpr wanted_totals wanted = Work::wanted;
  const int warp = warp_index<block_threads>(lane);
  const int warps = warp_count<block_threads>(lane);
  const auto requests = static_cast<number>(batch.lengths.requests);

  bool one_window = requests <= L::warp_width;  // a warp can do without the scan
  if constexpr (Batch::rule_type::deals) one_window = one_window && batch.problem.q_shard.size == 1;
  bool by_window = true;
  number index = 0;
  typename Batch::totals_type before{}, all{};
  share<number> mine{};
  if (!one_window) {
    const auto scanned = scan_batch<wanted>(lane, batch, shared);
    all = scanned.all;
    mine = share_of<number>(work.total(all), warp, warps, work.granule(all));
    if (mine.begin >= mine.end) return all;
    by_window = scanned.segment_length > 1;
    if (by_window) {
      const int segment = last_entry_at(lane, block_threads, mine.begin, [&](int at) {
        return work.count(smaller(at * scanned.segment_length, requests), shared.before.template load<wanted>(at));
      });
      index = segment * scanned.segment_length;
      before = shared.before.template load<wanted>(segment);
    }
  }
  batch_view<number> view{0, static_cast<int>(requests), 0};
  do {
    number end = mine.end;
    if (by_window) {
      view = {max_segments + lane.thread() / L::warp_width * L::warp_width, L::warp_width, index};
      before = load_window<wanted>(lane, batch, index, before, shared);
      index += L::warp_width;
      if (one_window) {
        all = before;
        if constexpr (!Batch::rule_type::deals) all.kept = static_cast<std::int32_t>(requests);
        mine = share_of<number>(work.total(all), warp, warps, work.granule(all));
        end = mine.end;
      }
      end = smaller(end, work.count(smaller(index, requests), before));
    }
    if (mine.begin < end) {
      work.visit(view, mine.begin, end);
      mine.begin = end;
    }
  } while (mine.begin < mine.end && index < requests);
  return all;
}

}  // namespace nsameta::gpu
