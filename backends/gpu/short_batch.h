/// The requests of a short-rows kernel, and the sums over those before a block's own. A block adds up all earlier
/// requests for itself: a few KB of lengths from L2 cost less than waiting for another block.
#pragma once

#include "common/extents.h"
#include "common/totals.h"
#include "gpu/short_plan.h"
#include "gpu/thread_context.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

using int32_rule = basic_plain_rule<std::int32_t>;
using int32_request = basic_request<std::int32_t>;

/// What is added up over requests, or over rows, where nothing else needs to be. Members are int32, and end at
/// 2^31 - 1, as int32 outputs do.
struct row_sums {
  std::int32_t tokens;
};
struct vector_sums {
  std::int32_t tokens, kv_len, clamped;
};
struct tile_sums {
  std::int32_t tokens, tiles;
};
template <class S>
concept short_sums = std::same_as<S, row_sums> || std::same_as<S, vector_sums> || std::same_as<S, tile_sums>;

/// The sums, each of their numbers after `each`.
template <short_sums S, class Each>
NSAMETA_DEVICE S by_numbers(const S& a, const S& b, Each each) {
  constexpr int count = sizeof(S) / 4;
  std::int32_t x[count], y[count];
  __builtin_memcpy(x, &a, sizeof(S));
  __builtin_memcpy(y, &b, sizeof(S));
  for (int i = 0; i < count; ++i) x[i] = each(x[i], y[i]);
  S result;
  __builtin_memcpy(&result, x, sizeof(S));
  return result;
}
template <short_sums S>
NSAMETA_DEVICE S operator+(const S& a, const S& b) {
  return by_numbers(a, b, [](std::int32_t x, std::int32_t y) { return saturating_add(x, y); });
}

/// Sum over the lanes' non-negative int32 numbers, 2^31 - 1 in place of more; to all lanes. Added up in halves, which
/// cannot wrap, because hardware that adds up a warp in one instruction wraps.
template <thread_context T>
NSAMETA_DEVICE std::int32_t warp_sum(T& self, std::int32_t number) {
  const std::uint32_t bits = static_cast<std::uint32_t>(number);
  const std::uint32_t low = self.sum(bits & 0xffffu), high = self.sum(bits >> 16);
  const std::uint64_t sum = (std::uint64_t{high} << 16) + low;
  return static_cast<std::int32_t>(sum < 0x7fffffffu ? sum : 0x7fffffffu);
}
template <short_sums S, thread_context T>
NSAMETA_DEVICE S warp_sum(T& self, const S& own) {
  return by_numbers(own, own, [&](std::int32_t number, std::int32_t) { return warp_sum(self, number); });
}

/// Shared memory of a block.
struct short_memory {
  vector_sums earlier[tuning::block_threads / 32];  ///< each warp's share of the requests before the block's
  vector_sums own[tuning::block_threads / 32];      ///< of the warps' lanes
};

/// An element as it lies in memory: loads that are under way while other work goes on.
struct raw_integer {
  std::int32_t low, high;
};

/// The element's own width only: a predicate, not a branch.
NSAMETA_DEVICE raw_integer load_raw(const integer_array& array, std::int32_t index) {
  using word [[gnu::may_alias]] = std::int32_t;
  const char* const at = static_cast<const char*>(array.data) + std::int64_t{index} * array.stride;
  raw_integer raw{};
  if (array.is_int64)
    __builtin_memcpy(&raw, __builtin_assume_aligned(at, 8), sizeof raw);
  else
    raw.low = *reinterpret_cast<const word*>(at);
  return raw;
}

/// Brought into int32: an end of it in place of what lies beyond.
NSAMETA_DEVICE std::int32_t value_of(const integer_array& array, raw_integer raw) {
  const bool fits = !array.is_int64 || raw.high == raw.low >> 31;
  return fits ? raw.low : (raw.high >> 31) ^ static_cast<std::int32_t>(int32_max);
}

struct raw_lengths {
  raw_integer kv, tokens;
};

/// Of request `index`, which exists. Both arrays are read whether they are needed or not: a branch around a load costs
/// more than the load.
NSAMETA_DEVICE raw_lengths load_lengths(const short_batch& batch, std::int32_t index) {
  return {load_raw(batch.seq_lens, index), load_raw(batch.extend_seq_lens, index)};
}

NSAMETA_DEVICE int32_request request_of(const short_batch& batch, const kv_range& range, const raw_lengths& raw) {
  const std::int32_t kv = value_of(batch.seq_lens, raw.kv);
  const std::int32_t tokens = value_of(batch.extend_seq_lens, raw.tokens);
  int32_request r{};
  r.kv_len = wrapping_add(smaller(larger(kv, range.least), range.most), range.added);
  r.tokens = r.rows = batch.uniform_rows >= 0 ? batch.uniform_rows : larger(tokens, 0);
  r.first = wrapping_add(wrapping_add(r.kv_len, -r.tokens), 1);
  return r;
}

template <short_sums S>
NSAMETA_DEVICE S sums_of(const int32_rule& rule, const int32_request& r) {
  if constexpr (std::same_as<S, vector_sums>)
    return {r.rows, r.kv_len, rule.sum(r, r.rows)};
  else
    return {r.rows};
}

/// This thread's part of the sums over requests [first, end), with a few loads always under way. The code is kept
/// short: instructions not run before are waited for as loads are.
template <short_sums S, thread_context T>
NSAMETA_DEVICE S add_requests(const T& self, const short_batch& batch, const kv_range& range, std::int32_t first,
                              std::int32_t end) {
  constexpr std::int32_t stride = tuning::block_threads;
  const int32_rule rule{batch.topk};
  S sum{};
  NSAMETA_UNROLL(1)
  for (std::int32_t index = first + self.thread(); index < end; index += 2 * stride) {
    const std::int32_t other = index + stride;
    const raw_lengths raw = load_lengths(batch, index), other_raw = load_lengths(batch, smaller(other, end - 1));
    sum = sum + sums_of<S>(rule, request_of(batch, range, raw));
    if (other < end) sum = sum + sums_of<S>(rule, request_of(batch, range, other_raw));
  }
  return sum;
}

/// Elements of consecutive requests, in 16-byte loads.
struct raw_run {
  static constexpr int length = 4;
  wide<std::int32_t> words[2];  ///< the second one of int64 elements only

  NSAMETA_DEVICE raw_integer at(const integer_array& array, int i) const {
    if (!array.is_int64) return {words[0].element[i], 0};
    return {words[i / 2].element[i % 2 * 2], words[i / 2].element[i % 2 * 2 + 1]};
  }
};
NSAMETA_DEVICE bool has_runs(const integer_array& array) {
  return array.stride == (array.is_int64 ? 8 : 4) && is_aligned(array.data);
}
NSAMETA_DEVICE raw_run load_run(const integer_array& array, std::int32_t run) {
  const auto* const from = static_cast<const wide<std::int32_t>*>(array.data);
  if (!array.is_int64) return {{from[run], {}}};
  return {{from[2 * run], from[2 * run + 1]}};
}

/// The same for many requests, a few consecutive ones at a time where the arrays allow.
template <short_sums S, thread_context T>
NSAMETA_DEVICE S add_many_requests(const T& self, const short_batch& batch, const kv_range& range, std::int32_t first,
                                   std::int32_t end) {
  const bool is_ragged = batch.uniform_rows < 0;
  if (!has_runs(batch.seq_lens) || (is_ragged && !has_runs(batch.extend_seq_lens)) || first % raw_run::length != 0)
    return add_requests<S>(self, batch, range, first, end);
  constexpr std::int32_t stride = tuning::block_threads;
  const int32_rule rule{batch.topk};
  const std::int32_t runs = end / raw_run::length, rest = runs * raw_run::length + self.thread();
  S sum{};
  if (rest < end) sum = sums_of<S>(rule, request_of(batch, range, load_lengths(batch, rest)));
  const auto add = [&](const raw_run& kv, const raw_run& tokens) {
    NSAMETA_UNROLL(4)
    for (int i = 0; i < raw_run::length; ++i) {
      const raw_lengths raw{kv.at(batch.seq_lens, i), tokens.at(batch.extend_seq_lens, i)};
      sum = sum + sums_of<S>(rule, request_of(batch, range, raw));
    }
  };
  NSAMETA_UNROLL(1)
  for (std::int32_t run = first / raw_run::length + self.thread(); run < runs; run += 2 * stride) {
    const std::int32_t other = smaller(run + stride, runs - 1);
    const raw_run kv = load_run(batch.seq_lens, run), other_kv = load_run(batch.seq_lens, other);
    raw_run tokens{}, other_tokens{};
    if (is_ragged) {
      tokens = load_run(batch.extend_seq_lens, run);
      other_tokens = load_run(batch.extend_seq_lens, other);
    }
    add(kv, tokens);
    if (run + stride < runs) add(other_kv, other_tokens);
  }
  return sum;
}

/// Sums over what is in the lanes of a warp: before each lane's own, and through it.
template <short_sums S>
struct lane_sums {
  S before, through;
};
/// `lanes`: so many have something.
template <short_sums S, thread_context T>
NSAMETA_DEVICE lane_sums<S> scan_lanes(T& self, const S& own, std::int32_t lanes) {
  const int lane = lane_of(self);
  lanes = smaller(lanes, T::warp_width);
  lane_sums<S> sums{{}, own};
  NSAMETA_UNROLL(1)
  for (int delta = 1; delta < lanes; delta *= 2) {
    const S earlier = self.shuffle_up(sums.through, delta);
    if (lane >= delta) sums.through = earlier + sums.through;
  }
  sums.before = self.shuffle_up(sums.through, 1);
  if (lane == 0) sums.before = {};
  return sums;
}

/// A block has a group of requests, 2^lanes_shift lanes each. The group's first one; there may be fewer.
NSAMETA_DEVICE std::int32_t first_request(const short_batch& batch, std::int32_t group) {
  return group * (tuning::block_threads >> batch.lanes_shift);
}
/// The thread's request, which may be beyond the batch, and its place among the request's lanes.
template <thread_context T>
NSAMETA_DEVICE std::int32_t own_request(const T& self, const short_batch& batch, std::int32_t group) {
  return first_request(batch, group) + (self.thread() >> batch.lanes_shift);
}
template <thread_context T>
NSAMETA_DEVICE std::int32_t row_lane(const T& self, const short_batch& batch) {
  return self.thread() & ((1 << batch.lanes_shift) - 1);
}

/// Shared sums, as those that a kernel needs.
template <short_sums S>
NSAMETA_DEVICE S& as(vector_sums& sums) {
  if constexpr (std::same_as<S, vector_sums>)
    return sums;
  else
    return reinterpret_cast<S&>(sums);
}

/// Sum over the block's threads. Reached by all of them.
template <short_sums S, thread_context T>
NSAMETA_DEVICE S block_sum(T& self, const S& own, short_memory& shared) {
  const S of_warp = warp_sum(self, own);
  if (lane_of(self) == 0) as<S>(shared.earlier[warp_of(self)]) = of_warp;
  self.barrier();
  S all{};
  NSAMETA_UNROLL(8)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp) all = all + as<S>(shared.earlier[warp]);
  return all;
}

/// The sums over all that comes before the warp. `earlier`: from add_requests(), up to the group; `through`: over the
/// warp's lanes, as its last one has them. Reached by all threads of the block.
template <short_sums S, thread_context T>
NSAMETA_DEVICE S exclusive_prefix(T& self, const short_batch& batch, std::int32_t group, const S& earlier,
                                  const S& through, short_memory& shared) {
  S before{};
  if (group == 0 && batch.requests << batch.lanes_shift <= T::warp_width) return before;
  if (lane_of(self) == T::warp_width - 1) as<S>(shared.own[warp_of(self)]) = through;
  if (group > 0)
    before = block_sum(self, earlier, shared);
  else
    self.barrier();
  NSAMETA_UNROLL(8)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width - 1; ++warp)
    if (warp < warp_of(self)) before = before + as<S>(shared.own[warp]);
  return before;
}

}  // namespace nsameta::gpu
