/// A window on the batch: as many consecutive requests as a warp has lanes, one a lane.
#pragma once

#include "gpu/batch_scan.h"

namespace nsameta::gpu {

template <class N>
struct warp_window {
  N first;                  ///< index of lane 0's request
  basic_request<N> value;   ///< this lane's; no tokens beyond the batch
  basic_totals<N> before;   ///< of all requests before this lane's
  basic_totals<N> through;  ///< of all requests before the next window
};

/// A window whose sums a scan has left in shared memory, request by request; `all`: of the batch.
template <wanted_totals wanted, int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE auto stored_window(L& lane, const Batch& batch, typename Batch::number first,
                                  const scan_memory<typename Batch::number, block_threads>& shared,
                                  const typename Batch::totals_type& all) {
  const auto requests = static_cast<typename Batch::number>(batch.lengths.requests);
  const auto load = [&](auto index) {
    return index < requests ? shared.before.template load<wanted>(static_cast<int>(index)) : all;
  };
  warp_window<typename Batch::number> window{};
  const auto index = first + lane.thread() % L::warp_width;
  window.first = first;
  window.before = load(index);
  window.through = load(first + L::warp_width);
  if (index < requests) window.value = batch.load(index, window.before);
  return window;
}

/// Loads the window that begins at request `first`, which `before` precedes, and adds it up.
template <wanted_totals wanted, thread_context L, class Batch>
NSAMETA_DEVICE auto load_window(L& lane, const Batch& batch, typename Batch::number first,
                                const typename Batch::totals_type& before) {
  const int lane_index = lane.thread() % L::warp_width;
  const auto index = first + lane_index;
  const bool in_batch = index < batch.lengths.requests;
  warp_window<typename Batch::number> window{};
  window.first = first;
  typename Batch::totals_type own{};
  if (in_batch) window.value = load_request(batch.lengths, batch.kv_offset, index);
  if constexpr (Batch::rule_type::deals) {  // a request's rows depend on the tokens before it
    constexpr wanted_totals only_tokens{.tokens = true};
    own.tokens = window.value.tokens;
    const auto through = warp_scan<only_tokens>(lane, lane_index, own);
    if (in_batch) batch.rule.deal(window.value, before.tokens + through.tokens - window.value.tokens);
  }
  if (in_batch) own = batch.template totals_of<wanted>(index, window.value);
  // Shifted by one lane and led by what precedes the window, an inclusive scan is the exclusive one.
  auto shifted = totals_of_earlier_lane<wanted>(lane, own, 1);
  if (lane_index == 0) shifted = before;
  window.before = warp_scan<wanted>(lane, lane_index, shifted);
  window.through = totals_of_lane<wanted>(lane, window.before + own, L::warp_width - 1);
  return window;
}

}  // namespace nsameta::gpu
