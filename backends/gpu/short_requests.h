/// The vectors of a batch of short requests, as decode, target_verify and draft_extend steps have them: a thread a
/// request, which writes the request's rows itself. Nothing is searched for, and what a block reads to start with is two
/// cache lines of arguments and the lengths.
#pragma once

#include <cstdint>

#include "common/extents.h"
#include "gpu/short_plan.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

using narrow_rule = basic_plain_rule<std::int32_t>;
using narrow_totals = basic_totals<std::int32_t>;
using narrow_request = basic_request<std::int32_t>;

/// Shared memory: the sums over each warp's earlier requests, then those over its own.
template <int block_threads>
struct short_memory {
  narrow_totals warps[2 * (block_threads / 32)];
};

/// Request `index`, which exists.
NSAMETA_DEVICE narrow_request load_short(const short_plan& plan, std::int32_t index) {
  const std::int32_t kv = plan.kv[index];
  const std::int32_t tokens = plan.tokens != nullptr ? plan.tokens[index] : plan.uniform_tokens;
  narrow_request r{};
  r.kv_len = smaller(larger(kv, plan.least_kv), plan.most_kv) + plan.added_kv;
  r.tokens = larger(tokens, 0);
  r.rows = r.tokens;
  r.first = wrapping_add(wrapping_add(r.kv_len, -r.tokens), 1);
  return r;
}

template <wanted_totals wanted>
NSAMETA_DEVICE narrow_totals totals_of(const narrow_rule& rule, const narrow_request& r) {
  narrow_totals sum{};
  sum.tokens = r.tokens;
  if constexpr (wanted.kv_len) sum.kv_len = r.kv_len;
  if constexpr (wanted.clamped) sum.clamped = rule.sum(r, r.rows);
  return sum;
}

NSAMETA_DEVICE void store(const narrow_vector& vector, std::int32_t at, std::int32_t value) {
  if (at < vector.capacity) vector.data[at] = value;
}

/// What stands before this thread's request `own`, whose block `earlier` requests precede; `through` it as well.
template <wanted_totals wanted, int block_threads, device_lane L>
NSAMETA_DEVICE narrow_totals before_request(L& lane, const short_plan& plan, const narrow_rule& rule,
                                            const narrow_totals& own, short_memory<block_threads>& shared) {
  constexpr int warps = block_threads / L::warp_width;
  static_assert(2 * warps <= L::warp_width, "a warp scans the sums of all warps");
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;
  narrow_totals before = warp_scan<wanted>(lane, lane_index, own);
  const narrow_totals of_warp = before;
  before = totals_of_earlier_lane<wanted>(lane, before, 1);
  if (lane_index == 0) before = {};
  if (plan.requests <= L::warp_width) return before;  // the first warp has them all

  narrow_totals earlier{};
  const std::int32_t preceding = lane.block() * block_threads;
  NSAMETA_UNROLL(8)  // loads in flight
  for (std::int32_t i = lane.thread(); i < preceding; i += block_threads)
    earlier = earlier + totals_of<wanted>(rule, load_short(plan, i));
  if (preceding > 0) earlier = warp_scan<wanted>(lane, lane_index, earlier);
  if (lane_index == L::warp_width - 1) {
    shared.warps[warp] = earlier;
    shared.warps[warps + warp] = of_warp;
  }
  lane.barrier();
  const narrow_totals through = warp_scan<wanted>(lane, lane_index, shared.warps[lane_index % (2 * warps)], 2 * warps);
  return totals_of_lane<wanted>(lane, through, warps + warp - 1) + before;
}

/// Writes row j of a request to the outputs. `sums`: whether clamped_before means anything.
template <bool sums>
NSAMETA_DEVICE void write_row(const short_plan& plan, std::int32_t row, std::int32_t expanded, std::int32_t clamped,
                              std::int32_t clamped_before, std::int32_t index) {
  if (plan.wanted & field_expanded) store(plan.expanded, row, expanded);
  if (plan.wanted & field_clamped) store(plan.clamped, row, clamped);
  if constexpr (sums) {
    if (plan.wanted & field_clamped_sums) store(plan.clamped_sums, row, clamped_before);
    if (plan.wanted & field_row_numbers) store(plan.row_numbers, row, row);
    if (plan.wanted & field_request) store(plan.request, row, index);
  }
}

template <wanted_totals wanted, int block_threads, device_lane L>
NSAMETA_DEVICE void write_short_requests(L& lane, const short_plan& plan, short_memory<block_threads>& shared) {
  constexpr bool sums = wanted.clamped;
  constexpr int own_rows = 8;  ///< that a lane writes alone
  const narrow_rule rule(plan.topk);
  const std::int32_t index = lane.block() * block_threads + lane.thread();
  narrow_request r{};
  if (index < plan.requests) r = load_short(plan, index);
  const narrow_totals own = totals_of<wanted>(rule, r);
  const narrow_totals before = before_request<wanted>(lane, plan, rule, own, shared);

  const std::int32_t limit = smaller(saturating_add(before.tokens, r.rows), plan.row_limit);
  const std::int32_t rows = larger(limit - before.tokens, 0);
  std::int32_t sum = before.clamped;
  std::int32_t seen = r.first;
  for (std::int32_t j = 0; j < smaller(rows, own_rows); ++j) {
    const std::int32_t expanded = larger(seen, 0);
    const std::int32_t clamped = rule.clamped(expanded);
    write_row<sums>(plan, before.tokens + j, expanded, clamped, sum, index);
    sum = saturating_add(sum, clamped);
    seen = wrapping_add(seen, 1);
  }
  // Longer ones are the whole warp's.
  for (std::uint64_t longer = lane.ballot(rows > own_rows); longer != 0; longer &= longer - 1) {
    const int from = __builtin_popcountll((longer & -longer) - 1);
    narrow_request theirs{};
    theirs.first = lane.shuffle(r.first, from);
    theirs.rows = lane.shuffle(rows, from);
    const std::int32_t start = lane.shuffle(before.tokens, from);
    const std::int32_t clamped_before = lane.shuffle(before.clamped, from);
    for (std::int32_t j = own_rows + lane.thread() % L::warp_width; j < theirs.rows; j += L::warp_width) {
      const std::int32_t expanded = larger(wrapping_add(theirs.first, j), 0);
      const std::int32_t sum_before = sums ? saturating_add(clamped_before, rule.sum(theirs, j)) : 0;
      write_row<sums>(plan, start + j, expanded, rule.clamped(expanded), sum_before,
                      index - lane.thread() % L::warp_width + from);
    }
  }

  if constexpr (sums) {
    if (index < plan.requests) {
      store(plan.cache_seqlens, index, r.kv_len);
      store(plan.kv_sums, index, before.kv_len);
      store(plan.row_sums, index, before.tokens);
    }
    if (index == plan.requests - 1 || (plan.requests == 0 && index == 0)) {
      const narrow_totals all = before + own;
      store(plan.kv_sums, plan.requests, all.kv_len);
      store(plan.row_sums, plan.requests, all.tokens);
      store(plan.clamped_sums, all.tokens, all.clamped);
      store(plan.row_numbers, all.tokens, all.tokens);
      store(plan.total_rows, 0, all.tokens);
    }
  }
}

/// The sums are made only where one is wanted.
template <int block_threads, device_lane L>
NSAMETA_DEVICE void write_short_requests(L& lane, const short_plan& plan, short_memory<block_threads>& shared) {
  if (plan.wanted & ~(field_expanded | field_clamped))
    write_short_requests<wanted_totals{.tokens = true, .kv_len = true, .clamped = true}>(lane, plan, shared);
  else
    write_short_requests<wanted_totals{.tokens = true}>(lane, plan, shared);
}

}  // namespace nsameta::gpu
