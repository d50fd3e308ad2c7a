/// The scan over requests that every block makes for itself: a few KB of lengths from L2 cost less than waiting for
/// another block. It leaves in shared memory what stands before each request, or, of large batches, before each segment
/// of requests.
#pragma once

#include "common/batch.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

/// Totals in shared memory, one array a member, so that lanes that read neighbours meet no bank conflict.
template <class N, int capacity>
struct totals_table {
  N tokens[capacity];
  N kv_len[capacity];
  N clamped_or_units[capacity];  ///< no part of the grid wants both
  std::int32_t kept[capacity];

  template <wanted_totals wanted>
  NSAMETA_DEVICE void store(int at, const basic_totals<N>& from) {
    static_assert(!(wanted.clamped && wanted.table_units));
    if constexpr (wanted.tokens) tokens[at] = from.tokens;
    if constexpr (wanted.kv_len) kv_len[at] = from.kv_len;
    if constexpr (wanted.clamped) clamped_or_units[at] = from.clamped;
    if constexpr (wanted.table_units) clamped_or_units[at] = from.table_units;
    if constexpr (wanted.kept) kept[at] = from.kept;
  }
  template <wanted_totals wanted>
  NSAMETA_DEVICE basic_totals<N> load(int at) const {
    basic_totals<N> to{};
    if constexpr (wanted.tokens) to.tokens = tokens[at];
    if constexpr (wanted.kv_len) to.kv_len = kv_len[at];
    if constexpr (wanted.clamped) to.clamped = clamped_or_units[at];
    if constexpr (wanted.table_units) to.table_units = clamped_or_units[at];
    if constexpr (wanted.kept) to.kept = kept[at];
    return to;
  }
};

/// Segments of the scan: requests, of most batches.
inline constexpr int max_segments = 1024;

/// How many requests each thread adds up.
template <int block_threads, class N>
NSAMETA_DEVICE N requests_per_thread(N requests) {
  return (requests + block_threads - 1) / block_threads;
}

/// Shared memory of a part of the grid that counts in `N`.
template <class N, int block_threads>
struct scan_memory {
  totals_table<N, max_segments> before;       ///< each segment
  basic_totals<N> warps[block_threads / 32];  ///< of each warp's segments; half of it used on 64-wide wavefronts
};

/// The batch as one block sees it after the scan.
template <class N>
struct scanned_batch {
  N segment_length;  ///< requests
  int segments;      ///< those that the table holds; the last ones may be empty
  basic_totals<N> all;
};

/// Totals of requests [begin, end), which `before` precedes.
template <wanted_totals wanted, class Batch>
NSAMETA_DEVICE auto add_requests(const Batch& batch, typename Batch::number begin, typename Batch::number end,
                                 typename Batch::totals_type before) {
  typename Batch::totals_type sum{};
  if constexpr (Batch::rule_type::deals) {
    for (auto i = begin; i < end; ++i) {
      const auto r = batch.load(i, before);
      before.tokens += r.tokens;  // all that load() asks of what stands before
      sum = sum + batch.template totals_of<wanted>(i, r);
    }
  } else {
    NSAMETA_UNROLL(4)  // loads in flight
    for (auto i = begin; i < end; ++i) sum = sum + batch.template totals_of<wanted>(i, batch.load(i, before));
  }
  return sum;
}

/// Exclusive scan over the block's threads; `all`: the sum over them.
template <wanted_totals wanted, class N, int block_threads, thread_context L>
NSAMETA_DEVICE basic_totals<N> block_scan(L& lane, const basic_totals<N>& own, scan_memory<N, block_threads>& shared,
                                          basic_totals<N>& all) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(warps <= L::warp_width, "the first lanes of a warp hold the totals of all warps");
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;
  const auto through = warp_scan<wanted>(lane, lane_index, own);
  if (lane_index == L::warp_width - 1) shared.warps[warp] = through;
  lane.barrier();
  // Every warp scans the warps' totals for itself: cheaper than a second barrier.
  const auto through_warp = warp_scan<wanted>(lane, lane_index, shared.warps[lane_index % warps], warps);
  all = totals_of_lane<wanted>(lane, through_warp, warps - 1);
  const auto before_warp = totals_of_lane<wanted>(lane, through_warp, warp > 0 ? warp - 1 : 0);
  auto before = totals_of_earlier_lane<wanted>(lane, through, 1);
  if (lane_index == 0) before = {};
  if (warp > 0) before = before_warp + before;
  return before;
}

/// Each thread adds up consecutive requests: one segment, or, of batches that have no more requests than there can be
/// segments, a few segments of one request.
template <wanted_totals wanted, int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE auto scan_segments(L& lane, const Batch& batch, const typename Batch::totals_type& before_it,
                                  scan_memory<typename Batch::number, block_threads>& shared) {
  using number = typename Batch::number;
  const auto requests = static_cast<number>(batch.lengths.requests);
  const number each = requests_per_thread<block_threads>(requests);
  const number begin = smaller(lane.thread() * each, requests);
  const number end = smaller(begin + each, requests);
  typename Batch::totals_type all;
  auto before = block_scan<wanted>(lane, add_requests<wanted>(batch, begin, end, before_it), shared, all);
  const bool by_request = requests <= max_segments;
  if (by_request) {
    for (number i = begin; i < end; ++i) {
      shared.before.template store<wanted>(static_cast<int>(i), before);
      if (i + 1 < end) before = before + add_requests<wanted>(batch, i, i + 1, before);
    }
  } else {
    shared.before.template store<wanted>(lane.thread(), before);
  }
  lane.barrier();
  return scanned_batch<number>{by_request ? 1 : each, by_request ? static_cast<int>(requests) : block_threads, all};
}

/// Scans the whole batch. `batch.rule` is completed: whether tokens are dealt over a q shard depends on how many there
/// are, which a first scan finds out.
template <wanted_totals wanted, int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE auto scan_batch(L& lane, Batch& batch, scan_memory<typename Batch::number, block_threads>& shared) {
  typename Batch::totals_type before{};
  if constexpr (Batch::rule_type::deals) {
    const nsameta_q_shard& shard = batch.problem.q_shard;
    if (shard.size > 1) {
      constexpr wanted_totals tokens{.tokens = true};
      const std::int64_t requests = batch.lengths.requests;
      const std::int64_t each = requests_per_thread<block_threads>(requests);
      const std::int64_t begin = smaller(lane.thread() * each, requests);
      totals all;
      before = block_scan<tokens>(lane, add_requests<tokens>(batch, begin, smaller(begin + each, requests), before),
                                  shared, all);
      lane.barrier();  // the scan below writes where this one reads
      batch.rule.deal_tokens(shard, all.tokens);
    }
  }
  auto scanned = scan_segments<wanted>(lane, batch, before, shared);
  if constexpr (!Batch::rule_type::deals) scanned.all.kept = static_cast<std::int32_t>(batch.lengths.requests);
  return scanned;
}

}  // namespace nsameta::gpu
