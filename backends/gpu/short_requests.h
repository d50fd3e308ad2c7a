/// The vectors of a batch of short requests, as decode, target_verify and draft_extend steps have them: a thread a
/// request, which works out the request's rows itself. Nothing is searched for, and what a block reads to start with is
/// a few cache lines of arguments and the lengths.
#pragma once

#include <cstdint>

#include "common/extents.h"
#include "gpu/short_plan.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

using narrow_rule = basic_plain_rule<std::int32_t>;
using narrow_totals = basic_totals<std::int32_t>;
using narrow_request = basic_request<std::int32_t>;

inline constexpr int short_rows = 8;  ///< of a request, that its own lane works out

/// Rows of a warp's requests between the lanes that work them out and those that write them, so that neighbouring rows
/// leave in one store. `count`: rows of all warps.
template <int count>
struct staged_rows {
  std::int32_t expanded[count];
  std::int32_t clamped_before[count];
  std::uint8_t lane[count];  ///< of the row's request
};

template <int block_threads>
struct short_memory {
  staged_rows<block_threads * short_rows> rows;
  narrow_totals warps[2 * (block_threads / 32)];  ///< over each warp's earlier requests, then over its own
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

/// What stands before this thread's request, which adds `own`: the requests of earlier blocks, added up anew by every
/// block, and those of earlier threads.
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

  constexpr int loads_in_flight = block_threads / 64;  // large blocks are for large batches
  narrow_totals earlier{};
  const std::int32_t preceding = lane.block() * block_threads;
  for (std::int32_t first = lane.thread(); first < preceding; first += loads_in_flight * block_threads) {
    narrow_request loaded[loads_in_flight];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads_in_flight; ++k)  // the last one again rather than none: no load waits for a branch
      loaded[k] = load_short(plan, smaller(first + k * block_threads, preceding - 1));
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads_in_flight; ++k)
      if (first + k * block_threads < preceding) earlier = earlier + totals_of<wanted>(rule, loaded[k]);
  }
  if (preceding > 0) earlier = warp_scan<wanted>(lane, lane_index, earlier);
  if (lane_index == L::warp_width - 1) {
    shared.warps[warp] = earlier;
    shared.warps[warps + warp] = of_warp;
  }
  lane.barrier();
  const narrow_totals through = warp_scan<wanted>(lane, lane_index, shared.warps[lane_index % (2 * warps)], 2 * warps);
  return totals_of_lane<wanted>(lane, through, warps + warp - 1) + before;
}

/// Where rows go. Copies, because an argument that is read when it is needed is waited for.
template <bool sums>
struct row_outputs {
  narrow_vector expanded, clamped, clamped_sums, row_numbers, request;

  NSAMETA_DEVICE explicit row_outputs(const short_plan& plan)
      : expanded(plan.expanded),
        clamped(plan.clamped),
        clamped_sums(plan.clamped_sums),
        row_numbers(plan.row_numbers),
        request(plan.request) {}

  NSAMETA_DEVICE void write(const narrow_rule& rule, std::int32_t row, std::int32_t length, std::int32_t clamped_before,
                            std::int32_t index) const {
    store(expanded, row, length);
    store(clamped, row, rule.clamped(length));
    if constexpr (sums) {
      store(clamped_sums, row, clamped_before);
      store(row_numbers, row, row);
      store(request, row, index);
    }
  }
};

/// Writes the rows of a warp's requests, those below `row_limit`; this lane's is `r`, number `index`.
template <bool sums, int block_threads, device_lane L>
NSAMETA_DEVICE void write_rows(L& lane, const row_outputs<sums>& out, const narrow_rule& rule, const narrow_request& r,
                               std::int32_t index, std::int32_t row_limit, const narrow_totals& before,
                               staged_rows<block_threads * short_rows>& staged) {
  const int lane_index = lane.thread() % L::warp_width;
  const int first_lane = lane.thread() - lane_index;
  const std::int32_t own_end = smaller(saturating_add(before.tokens, r.rows), row_limit);
  const std::int32_t rows = larger(own_end - before.tokens, 0);
  const std::int32_t start = lane.shuffle(before.tokens, 0);
  if (lane.ballot(rows > short_rows) == 0) {
    const std::int32_t end = lane.shuffle(own_end, L::warp_width - 1);
    const int base = first_lane * short_rows;
    std::int32_t sum = before.clamped;
    std::int32_t seen = r.first;
    for (int j = 0; j < rows; ++j) {
      const int at = base + (before.tokens - start) + j;
      const std::int32_t length = larger(seen, 0);
      staged.expanded[at] = length;
      if constexpr (sums) {
        staged.clamped_before[at] = sum;
        staged.lane[at] = static_cast<std::uint8_t>(lane_index);
        sum = saturating_add(sum, rule.clamped(length));
      }
      seen = wrapping_add(seen, 1);
    }
    lane.sync_warp();
    const std::int32_t first_index = index - lane_index;
    for (std::int32_t i = lane_index; i < end - start; i += L::warp_width)
      out.write(rule, start + i, staged.expanded[base + i], sums ? staged.clamped_before[base + i] : 0,
                sums ? first_index + staged.lane[base + i] : 0);
    return;
  }
  // With a long request among them, one after the other.
  for (int from = 0; from < L::warp_width; ++from) {
    narrow_request theirs{};
    theirs.first = lane.shuffle(r.first, from);
    const std::int32_t their_rows = lane.shuffle(rows, from);
    const std::int32_t their_start = lane.shuffle(before.tokens, from);
    const std::int32_t clamped_before = lane.shuffle(before.clamped, from);
    for (std::int32_t j = lane_index; j < their_rows; j += L::warp_width)
      out.write(rule, their_start + j, larger(wrapping_add(theirs.first, j), 0),
                sums ? saturating_add(clamped_before, rule.sum(theirs, j)) : 0, index - lane_index + from);
  }
}

template <wanted_totals wanted, int block_threads, device_lane L>
NSAMETA_DEVICE void write_short_requests(L& lane, const short_plan& plan, short_memory<block_threads>& shared) {
  constexpr bool sums = wanted.clamped;
  const narrow_rule rule(plan.topk);
  const row_outputs<sums> out(plan);
  const std::int32_t index = lane.block() * block_threads + lane.thread();
  narrow_request r{};
  if (index < plan.requests) r = load_short(plan, index);
  const narrow_totals own = totals_of<wanted>(rule, r);
  const narrow_totals before = before_request<wanted>(lane, plan, rule, own, shared);
  if constexpr (sums) {
    const bool exists = index < plan.requests;
    const bool last = index == plan.requests - 1 || (plan.requests == 0 && index == 0);
    const narrow_totals all = before + own;
    const narrow_vector kv_sums = plan.kv_sums, row_sums = plan.row_sums, cache_seqlens = plan.cache_seqlens;
    const narrow_vector total_rows = plan.total_rows;
    if (exists) {
      store(cache_seqlens, index, r.kv_len);
      store(kv_sums, index, before.kv_len);
      store(row_sums, index, before.tokens);
    }
    if (last) {
      store(kv_sums, plan.requests, all.kv_len);
      store(row_sums, plan.requests, all.tokens);
      store(out.clamped_sums, all.tokens, all.clamped);
      store(out.row_numbers, all.tokens, all.tokens);
      store(total_rows, 0, all.tokens);
    }
  }
  write_rows<sums, block_threads>(lane, out, rule, r, index, plan.row_limit, before, shared.rows);
}

/// The sums are made only where one is wanted.
template <int block_threads, device_lane L>
NSAMETA_DEVICE void write_short_requests(L& lane, const short_plan& plan, short_memory<block_threads>& shared) {
  if (plan.two_fields)
    write_short_requests<wanted_totals{.tokens = true}>(lane, plan, shared);
  else
    write_short_requests<wanted_totals{.tokens = true, .kv_len = true, .clamped = true}>(lane, plan, shared);
}

}  // namespace nsameta::gpu
