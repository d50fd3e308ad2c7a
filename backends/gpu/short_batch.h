/// The requests of a short-rows kernel, and the sums over those before a block's own. A block adds up all earlier
/// requests for itself: a few KB of lengths from L2 cost less than waiting for another block.
#pragma once

#include "common/extents.h"
#include "gpu/short_plan.h"
#include "gpu/tuning.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

using int32_rule = basic_plain_rule<std::int32_t>;
using int32_sums = basic_totals<std::int32_t>;
using int32_request = basic_request<std::int32_t>;

/// What is added up where an output holds sums, and where none does.
inline constexpr wanted_totals vector_sums{.tokens = true, .kv_len = true, .clamped = true};
inline constexpr wanted_totals row_sums{.tokens = true};

/// Shared memory of a block.
struct short_memory {
  int32_sums earlier[tuning::block_threads / 32];  ///< each warp's share of the requests before the block's
  int32_sums own[tuning::block_threads / 32];      ///< of the requests in the warps' lanes
};

/// An element as it lies in memory: loads that are under way while other work goes on.
struct raw_integer {
  std::int32_t low, high;
};

/// Both words always: int64 costs what int32 does, whose second load is the first one again.
NSAMETA_DEVICE raw_integer load_raw(const integer_array& array, std::int32_t index) {
  using word [[gnu::may_alias]] = std::int32_t;
  const char* const at = static_cast<const char*>(array.data) + std::int64_t{index} * array.stride;
  return {*reinterpret_cast<const word*>(at), *reinterpret_cast<const word*>(at + array.high_offset)};
}

/// Brought into int32: an end of it in place of what lies beyond.
NSAMETA_DEVICE std::int32_t value_of(const integer_array& array, raw_integer raw) {
  const bool fits = array.high_offset == 0 || raw.high == raw.low >> 31;
  return fits ? raw.low : (raw.high >> 31) ^ static_cast<std::int32_t>(int32_max);
}

struct raw_lengths {
  raw_integer kv, tokens;
};

/// Of request `index`, which exists.
NSAMETA_DEVICE raw_lengths load_lengths(const short_batch& batch, std::int32_t index) {
  raw_lengths raw{load_raw(batch.seq_lens, index), {batch.uniform_rows, 0}};
  if (batch.extend_seq_lens.data != nullptr) raw.tokens = load_raw(batch.extend_seq_lens, index);
  return raw;
}

NSAMETA_DEVICE int32_request request_of(const short_batch& batch, std::int32_t kv, std::int32_t tokens) {
  int32_request r{};
  r.kv_len = wrapping_add(smaller(larger(kv, batch.least_kv), batch.most_kv), batch.added_kv);
  r.tokens = r.rows = larger(tokens, 0);
  r.first = wrapping_add(wrapping_add(r.kv_len, -r.tokens), 1);
  return r;
}
NSAMETA_DEVICE int32_request request_of(const short_batch& batch, const raw_lengths& raw) {
  return request_of(batch, value_of(batch.seq_lens, raw.kv), value_of(batch.extend_seq_lens, raw.tokens));
}

template <wanted_totals wanted>
NSAMETA_DEVICE int32_sums sums_of(const int32_rule& rule, const int32_request& r) {
  int32_sums sum{};
  if constexpr (wanted.tokens) sum.tokens = r.tokens;
  if constexpr (wanted.kv_len) sum.kv_len = r.kv_len;
  if constexpr (wanted.clamped) sum.clamped = rule.sum(r, r.rows);
  return sum;
}

/// This thread's part of the sums over requests [0, end), with a few loads always under way. The code is kept short:
/// instructions not run before are waited for as loads are.
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE int32_sums add_requests(const T& self, const short_batch& batch, const int32_rule& rule,
                                       std::int32_t end) {
  constexpr int under_way = 4, stride = tuning::block_threads;
  std::int32_t index = self.thread();
  int32_sums sum{};
  if (index >= end) return sum;
  raw_lengths next[under_way];
  NSAMETA_UNROLL(4)
  for (int k = 0; k < under_way; ++k)  // the last one again rather than none: no load waits for a branch
    next[k] = load_lengths(batch, smaller(index + k * stride, end - 1));
  NSAMETA_UNROLL(1)
  for (; index < end; index += stride) {
    sum = sum + sums_of<wanted>(rule, request_of(batch, next[0]));
    NSAMETA_UNROLL(4)
    for (int k = 1; k < under_way; ++k) next[k - 1] = next[k];
    next[under_way - 1] = load_lengths(batch, smaller(index + under_way * stride, end - 1));
  }
  return sum;
}

/// Sums over consecutive requests, one in each lane of a warp: those before each lane's, and through it.
struct lane_sums {
  int32_sums before, through;
};
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE lane_sums scan_lanes(T& self, const int32_sums& own) {
  lane_sums sums;
  sums.through = warp_scan<wanted>(self, lane_of(self), own);
  sums.before = totals_of_earlier_lane<wanted>(self, sums.through, 1);
  if (lane_of(self) == 0) sums.before = {};
  return sums;
}

/// The requests of a block.
struct block_requests {
  std::int32_t first, count;
  int first_warp;  ///< of the warps that have this warp's requests in their lanes; the warps before it have those
                   ///< before
};

/// The sums over all requests before the warp's. `earlier`: from add_requests(), up to the block's; `of_warp`: over the
/// warp's, as its last lane has it. Reached by all threads of the block.
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE int32_sums exclusive_prefix(T& self, const block_requests& block, const int32_sums& earlier,
                                           const int32_sums& of_warp, short_memory& shared) {
  constexpr int warps = tuning::block_threads / T::warp_width;
  static_assert(warps <= T::warp_width, "a warp looks at all warps of the block");
  if (block.first == 0 && block.count <= T::warp_width) return {};
  const int32_sums all_earlier = warp_sum<wanted>(self, earlier);
  if (lane_of(self) == T::warp_width - 1) {
    shared.earlier[warp_of(self)] = all_earlier;
    shared.own[warp_of(self)] = warp_of(self) == block.first_warp ? of_warp : int32_sums{};
  }
  self.barrier();
  int32_sums before{};
  if (lane_of(self) < warps) before = shared.earlier[lane_of(self)];
  if (lane_of(self) < block.first_warp) before = before + shared.own[lane_of(self)];
  return warp_sum<wanted>(self, before);
}

}  // namespace nsameta::gpu
