/// The status word, by one block.
#pragma once

#include "common/outcome.h"
#include "gpu/shares.h"

namespace nsameta::gpu {

/// The request that holds `row`, for row < T; found by a warp together.
template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE located_request locate_row_together(L& lane, const Batch& batch, const scanned_batch& scanned,
                                                   const scan_memory<block_threads>& scan, std::int64_t row) {
  const int segment = last_segment_at<block_threads>(
      lane, row, [&](int at) { return batch.rows(scan.segments.template load<wanted>(at)); });
  std::int64_t index = segment * scanned.segment_length;
  totals before = scan.segments.template load<wanted>(segment);
  for (;;) {
    const warp_window window = load_window<wanted>(lane, batch, index, before);
    index += L::warp_width;
    before = window.through;
    if (row >= batch.rows(before) && index < batch.problem.batch_size) continue;
    const int at = __builtin_popcountll(lane.ballot(batch.rows(window.before) <= row)) - 1;
    located_request found{window.first + at, {}, totals_of_lane<wanted>(lane, window.before, at)};
    found.value.first = lane.broadcast(window.value.first, at);
    found.value.rows = lane.broadcast(window.value.rows, at);
    found.value.step = batch.rule.step();
    return found;
  }
}

template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_status_word(L& lane, Batch& batch, scan_memory<block_threads>& scan) {
  constexpr wanted_totals wanted{
      .tokens = true, .kv_len = true, .clamped = true, .kept = Batch::rule_type::deals, .bits = true};
  scanned_batch scanned = scan_batch<wanted>(lane, batch, scan);
  if constexpr (!Batch::rule_type::deals) scanned.all.kept = static_cast<std::int32_t>(batch.problem.batch_size);
  if (lane.thread() >= L::warp_width) return;
  const std::uint32_t word = status_word(batch, scanned.all, [&](std::int64_t row) {
    return locate_row_together<wanted, block_threads>(lane, batch, scanned, scan, row);
  });
  if (lane.thread() == 0) *static_cast<std::uint32_t*>(batch.out.status.data) = word;
}

}  // namespace nsameta::gpu
