/// The vectors of a batch whose requests have few rows each, as decode, target_verify and draft_extend steps have them:
/// one to eight lanes write the rows of a request. Nothing is searched for.
#pragma once

#include <cstdint>

#include "gpu/step_batch.h"

namespace nsameta::gpu {

NSAMETA_DEVICE void store(const narrow_vector& vector, std::int32_t at, std::int32_t value) {
  if (at < vector.capacity) vector.data[at] = value;
}

/// Where rows go. Copies, because an argument that is read when it is needed is waited for.
template <bool sums>
struct row_outputs {
  narrow_vector expanded, clamped, clamped_sums, row_numbers, request;

  NSAMETA_DEVICE explicit row_outputs(const step_vectors& plan)
      : expanded(plan.expanded),
        clamped(plan.clamped),
        clamped_sums(plan.clamped_sums),
        row_numbers(plan.row_numbers),
        request(plan.request) {}
};

/// Rows `first`, first + stride, ... of request `r`, number `index`, which `before` precedes.
template <bool sums>
NSAMETA_DEVICE void write_rows(const row_outputs<sums>& out, const narrow_rule& rule, const narrow_request& r,
                               std::int32_t index, const narrow_totals& before, std::int32_t row_limit,
                               std::int32_t first, std::int32_t stride) {
  const std::int32_t rows = smaller(saturating_add(before.tokens, r.rows), row_limit) - before.tokens;
  for (std::int32_t j = first; j < rows; j += stride) {
    const std::int32_t row = before.tokens + j;
    const std::int32_t length = larger(wrapping_add(r.first, j), 0);
    store(out.expanded, row, length);
    store(out.clamped, row, rule.clamped(length));
    if constexpr (sums) {
      store(out.clamped_sums, row, saturating_add(before.clamped, rule.sum(r, j)));
      store(out.row_numbers, row, row);
      store(out.request, row, index);
    }
  }
}

/// The per-request outputs of request `index`, which `before` precedes, and, after the last one, the ends of the sums.
NSAMETA_DEVICE void write_request(const step_vectors& plan, std::int32_t requests, const narrow_request& r,
                                  std::int32_t index, const window_sums& sums) {
  if (index < requests) {
    store(plan.cache_seqlens, index, r.kv_len);
    store(plan.kv_sums, index, sums.before.kv_len);
    store(plan.row_sums, index, sums.before.tokens);
  }
  if (index != larger(requests - 1, 0)) return;
  const narrow_totals& all = sums.through;
  store(plan.kv_sums, requests, all.kv_len);
  store(plan.row_sums, requests, all.tokens);
  store(plan.clamped_sums, all.tokens, all.clamped);
  store(plan.row_numbers, all.tokens, all.tokens);
  store(plan.total_rows, 0, all.tokens);
}

/// Where all requests have the same number of rows, and no sum is wanted, nothing needs to be added up.
template <int block_threads, device_lane L>
NSAMETA_DEVICE void write_uniform_rows(const L& lane, const step_plan& whole) {
  const step_batch& batch = whole.batch;
  const step_vectors& plan = whole.vectors;
  const int shift = plan.lanes_shift;
  const step_requests<false> requests{batch};
  const row_outputs<false> out(plan);
  const std::int32_t index = lane.block() * (block_threads >> shift) + (lane.thread() >> shift);
  if (index >= batch.requests) return;
  narrow_totals before{};
  before.tokens = saturating_product(index, batch.uniform_tokens);
  write_rows<false>(out, narrow_rule(plan.topk), requests.request_of(requests.load(index)), index, before,
                    plan.row_limit, lane.thread() & ((1 << shift) - 1), 1 << shift);
}

/// A warp has a window of requests in its lanes, and writes the rows of those that are its own: as many as fit when
/// each has 2^lanes_shift lanes.
template <wanted_totals wanted, bool int64_lengths, int block_threads, device_lane L>
NSAMETA_DEVICE void write_step_vectors(L& lane, const step_plan& whole, step_memory<block_threads>& shared) {
  const step_batch& batch = whole.batch;
  const step_vectors& plan = whole.vectors;
  const step_requests<int64_lengths> requests{batch};
  const block_cluster cluster{lane.cluster_rank(), lane.cluster_size()};
  constexpr bool sums = wanted.clamped;
  const int shift = plan.lanes_shift;
  const int lane_index = lane.thread() % L::warp_width;
  const int warp = lane.thread() / L::warp_width;
  const std::int32_t block_length = block_threads >> shift;
  const step_place place{lane.block() * block_length, block_length, warp >> shift << shift};
  const std::int32_t index = place.block_first + (warp >> shift) * L::warp_width + lane_index;
  const bool own = index < smaller(place.block_first + block_length, batch.requests);
  const row_outputs<sums> out(plan);
  const narrow_rule rule(plan.topk);

  loaded_lengths lengths{};
  if (own) lengths = requests.load(index);
  const narrow_totals earlier = add_earlier_requests<wanted, block_threads>(lane, requests, rule, place, cluster);
  narrow_request r{};
  if (own) r = requests.request_of(lengths);
  window_sums window = sums_of_window<wanted>(lane, totals_of<wanted>(rule, r));
  const narrow_totals before = before_window<wanted>(lane, place, earlier, window.through, cluster, shared);
  window.before = before + window.before;
  window.through = before + window.through;
  if constexpr (sums)
    if (warp == place.first_warp && (own || index == 0)) write_request(plan, batch.requests, r, index, window);

  const int own_lane = (warp - place.first_warp) * (L::warp_width >> shift) + (lane_index >> shift);
  narrow_request theirs{};
  theirs.first = lane.shuffle(r.first, own_lane);
  theirs.rows = lane.shuffle(r.rows, own_lane);
  const narrow_totals theirs_before = totals_of_lane<wanted>(lane, window.before, own_lane);
  write_rows<sums>(out, rule, theirs, index - lane_index + own_lane, theirs_before, plan.row_limit,
                   lane_index & ((1 << shift) - 1), 1 << shift);
}

}  // namespace nsameta::gpu
