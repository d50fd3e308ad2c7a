/// Prefix sums over the lanes of a warp, of those totals alone that are wanted.
#pragma once

#include "common/totals.h"
#include "gpu/device_layer.h"

namespace nsameta::gpu {

/// Calls `visit(member)` for each wanted member of totals.
template <wanted_totals wanted, class Visit>
NSAMETA_DEVICE void for_each_total(Visit visit) {
  if constexpr (wanted.tokens) visit(&totals::tokens);
  if constexpr (wanted.kv_len) visit(&totals::kv_len);
  if constexpr (wanted.clamped) visit(&totals::clamped);
  if constexpr (wanted.table_units) visit(&totals::table_units);
  if constexpr (wanted.kept) visit(&totals::kept);
  if constexpr (wanted.bits) visit(&totals::bits);
}

template <wanted_totals wanted, device_lane L>
NSAMETA_DEVICE totals totals_of_lane(L& lane, const totals& sum, int from) {
  totals theirs{};
  for_each_total<wanted>([&](auto member) { theirs.*member = lane.broadcast(sum.*member, from); });
  return theirs;
}

template <wanted_totals wanted, device_lane L>
NSAMETA_DEVICE totals totals_of_earlier_lane(L& lane, const totals& sum, int delta) {
  totals earlier{};
  for_each_total<wanted>([&](auto member) { earlier.*member = lane.shuffle_up(sum.*member, delta); });
  return earlier;
}

/// Inclusive scan over the first `lanes` lanes, a power of two; the others' results mean nothing.
template <wanted_totals wanted, device_lane L>
NSAMETA_DEVICE totals warp_scan(L& lane, int lane_index, totals sum, int lanes = L::warp_width) {
  for (int delta = 1; delta < lanes; delta *= 2) {
    const totals earlier = totals_of_earlier_lane<wanted>(lane, sum, delta);
    if (lane_index >= delta) sum = earlier + sum;
  }
  return sum;
}

}  // namespace nsameta::gpu
