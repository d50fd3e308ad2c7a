/// The requests of a step, and what stands before them. A block that needs to know what stands before its requests adds
/// up all earlier ones: a few KB of lengths from L2 cost less than waiting for another block. The blocks of a cluster,
/// where the hardware has those, share that work.
#pragma once

#include "common/extents.h"
#include "gpu/step_plan.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

using narrow_rule = basic_plain_rule<std::int32_t>;
using narrow_totals = basic_totals<std::int32_t>;
using narrow_request = basic_request<std::int32_t>;

/// What is added up where an output holds sums, and where none is.
inline constexpr wanted_totals vector_totals{.tokens = true, .kv_len = true, .clamped = true};
inline constexpr wanted_totals row_totals{.tokens = true};

/// Shared memory of a block of a step.
template <int block_threads>
struct step_memory {
  narrow_totals earlier[block_threads / 32];  ///< each warp's share of the requests before the cluster's
  narrow_totals own[block_threads / 32];      ///< of the windows that warps lead
  narrow_totals block_earlier, block_own;     ///< sums of the above, for the other blocks of the cluster
};

/// A request's lengths as they lie in memory: loads that are under way while other work goes on.
struct loaded_lengths {
  std::int32_t kv, tokens;
};

/// The requests of a step. That a length may be int64 costs even those that are not, so it is a type of its own.
template <bool int64_lengths>
struct step_requests {
  const step_batch& batch;

  /// Of request `index`, which exists.
  NSAMETA_DEVICE loaded_lengths load(std::int32_t index) const {
    return {load_length(batch.kv, batch.kv_is_int64, index),
            batch.tokens != nullptr ? load_length(batch.tokens, batch.tokens_are_int64, index) : batch.uniform_tokens};
  }

  NSAMETA_DEVICE narrow_request request_of(const loaded_lengths& lengths) const {
    narrow_request r{};
    r.kv_len = wrapping_add(smaller(larger(lengths.kv, batch.least_kv), batch.most_kv), batch.added_kv);
    r.tokens = larger(lengths.tokens, 0);
    r.rows = r.tokens;
    r.first = wrapping_add(wrapping_add(r.kv_len, -r.tokens), 1);
    return r;
  }

 private:
  /// Brought into int32.
  static NSAMETA_DEVICE std::int32_t load_length(const void* data, bool is_int64, std::int32_t index) {
    if (!int64_lengths || !is_int64) return static_cast<const std::int32_t*>(data)[index];
    const std::int64_t length = static_cast<const std::int64_t*>(data)[index];
    return static_cast<std::int32_t>(smaller(larger(length, -int32_max), int32_max));
  }
};

template <wanted_totals wanted>
NSAMETA_DEVICE narrow_totals totals_of(const narrow_rule& rule, const narrow_request& r) {
  narrow_totals sum{};
  if constexpr (wanted.tokens) sum.tokens = r.tokens;
  if constexpr (wanted.kv_len) sum.kv_len = r.kv_len;
  if constexpr (wanted.clamped) sum.clamped = rule.sum(r, r.rows);
  return sum;
}

/// Adds up requests `first`, first + stride, ... below `end`, with a few loads always under way. The code is kept
/// short: instructions not run before are waited for as loads are.
template <wanted_totals wanted, class Requests>
NSAMETA_DEVICE narrow_totals add_requests(const Requests& requests, const narrow_rule& rule, std::int32_t first,
                                          std::int32_t end, std::int32_t stride) {
  constexpr int under_way = 4;
  narrow_totals sum{};
  if (first >= end) return sum;
  loaded_lengths next[under_way];
  NSAMETA_UNROLL(4)
  for (int k = 0; k < under_way; ++k)  // the last one again rather than none: no load waits for a branch
    next[k] = requests.load(smaller(first + k * stride, end - 1));
  NSAMETA_UNROLL(1)
  for (; first < end; first += stride) {
    sum = sum + totals_of<wanted>(rule, requests.request_of(next[0]));
    NSAMETA_UNROLL(4)
    for (int k = 1; k < under_way; ++k) next[k - 1] = next[k];
    next[under_way - 1] = requests.load(smaller(first + under_way * stride, end - 1));
  }
  return sum;
}

/// Blocks that share the sums over earlier requests.
struct block_cluster {
  int rank, size;
};

/// The requests of a block, and of one of its warps. A window is as many requests as a warp has lanes.
struct step_place {
  std::int32_t block_first, block_length;  ///< requests
  int first_warp;  ///< of the block's that have this warp's window; the windows before are those of the warps before
};

/// This thread's part of the sums over the requests before the cluster.
template <wanted_totals wanted, int block_threads, device_lane L, class Requests>
NSAMETA_DEVICE narrow_totals add_earlier_requests(const L& lane, const Requests& requests, const narrow_rule& rule,
                                                  const step_place& place, block_cluster cluster) {
  const std::int32_t end = smaller(place.block_first - cluster.rank * place.block_length, requests.batch.requests);
  return add_requests<wanted>(requests, rule, cluster.rank * block_threads + lane.thread(), end,
                              cluster.size * block_threads);
}

/// What stands before the warp's window. `earlier`: from add_earlier_requests(); `of_window`: the sum over the window,
/// as the last lane has it. Reached by all threads of the cluster.
template <wanted_totals wanted, int block_threads, device_lane L>
NSAMETA_DEVICE narrow_totals before_window(L& lane, const step_place& place, const narrow_totals& earlier,
                                           const narrow_totals& of_window, block_cluster cluster,
                                           step_memory<block_threads>& shared) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(warps <= L::warp_width, "a warp looks at all warps of the block");
  if (cluster.size == 1 && place.block_first == 0 && place.block_length <= L::warp_width) return {};
  const unsigned lane_index = static_cast<unsigned>(lane.thread()) % L::warp_width;
  const int warp = lane.thread() / L::warp_width;
  const narrow_totals of_warp = warp_sum<wanted>(lane, earlier);
  if (lane_index == L::warp_width - 1) {
    shared.earlier[warp] = of_warp;
    shared.own[warp] = warp == place.first_warp ? of_window : narrow_totals{};
  }
  lane.barrier();
  narrow_totals before{};
  if (lane_index < warps) before = shared.earlier[lane_index];
  if (cluster.size > 1) {
    if (warp == 0) {
      const narrow_totals own = lane_index < warps ? shared.own[lane_index] : narrow_totals{};
      const narrow_totals all_earlier = warp_sum<wanted>(lane, before), all_own = warp_sum<wanted>(lane, own);
      if (lane_index == 0) {
        shared.block_earlier = all_earlier;
        shared.block_own = all_own;
      }
    }
    lane.cluster_barrier();
    before = {};
    const int rank = static_cast<int>(lane_index);
    if (rank < cluster.size) {
      const step_memory<block_threads>& theirs = *lane.shared_of(&shared, rank);
      before = theirs.block_earlier;
      if (rank < cluster.rank) before = before + theirs.block_own;
    }
    lane.cluster_barrier();  // nobody leaves while its memory is read
  }
  if (lane_index < static_cast<unsigned>(place.first_warp)) before = before + shared.own[lane_index];
  return warp_sum<wanted>(lane, before);
}

/// The sums over a window's requests before each lane's, which adds `own`, and through it.
struct window_sums {
  narrow_totals before, through;
};
template <wanted_totals wanted, device_lane L>
NSAMETA_DEVICE window_sums sums_of_window(L& lane, const narrow_totals& own) {
  const int lane_index = lane.thread() % L::warp_width;
  window_sums sums;
  sums.through = warp_scan<wanted>(lane, lane_index, own);
  sums.before = totals_of_earlier_lane<wanted>(lane, sums.through, 1);
  if (lane_index == 0) sums.before = {};
  return sums;
}

}  // namespace nsameta::gpu
