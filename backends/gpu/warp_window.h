/// A window on the batch: as many consecutive requests as a warp has lanes, one a lane.
#pragma once

#include "common/batch.h"
#include "gpu/warp_scan.h"

namespace nsameta::gpu {

struct warp_window {
  std::int64_t first;  ///< index of lane 0's request
  request value;       ///< this lane's; no tokens beyond the batch
  totals before;       ///< of all requests before this lane's
  totals through;      ///< of all requests before the next window
};

/// Loads the window that begins at request `first`, which `before` precedes.
template <wanted_totals wanted, device_lane L, class Batch>
NSAMETA_DEVICE warp_window load_window(L& lane, const Batch& batch, std::int64_t first, const totals& before) {
  constexpr bool deals = Batch::rule_type::deals;
  const int lane_index = lane.thread() % L::warp_width;
  const std::int64_t index = first + lane_index;
  const bool in_batch = index < batch.problem.batch_size;

  request value{};
  if (in_batch) value = load_request(batch.problem, batch.out.length_offset, index);
  if constexpr (deals) {
    constexpr wanted_totals tokens{.tokens = true};
    totals raw{};
    raw.tokens = value.tokens;
    const totals raw_through = warp_scan<tokens>(lane, lane_index, raw);
    if (in_batch) batch.rule.deal(value, before.tokens + raw_through.tokens - value.tokens);
  }
  totals own{};
  if (in_batch) own = batch.template totals_of<wanted>(index, value);
  // Shifted by one lane and led by what precedes the window, an inclusive scan is the exclusive one.
  totals shifted = totals_of_earlier_lane<wanted>(lane, own, 1);
  if (lane_index == 0) shifted = before;
  totals here = warp_scan<wanted>(lane, lane_index, shifted);
  totals through = totals_of_lane<wanted>(lane, here + own, L::warp_width - 1);
  if constexpr (!deals) {  // every request is kept
    here.kept = static_cast<std::int32_t>(index);
    through.kept = static_cast<std::int32_t>(first + L::warp_width);
  }
  return {first, value, here, through};
}

}  // namespace nsameta::gpu
