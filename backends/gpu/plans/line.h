/// A plan's line, laid and cut by a block.
#pragma once

#include "gpu/plans/block.h"

namespace nsameta::gpu {

/// Makes places of a line's costs, `own` those of this thread together; returns what all cost.
template <thread_context T>
NSAMETA_DEVICE std::int32_t lay_line(T& self, std::int32_t* line, std::int32_t requests, const thread_share& mine,
                                     std::int32_t own, plan_memory& shared) {
  const block_place<std::int32_t> place = place_in_block(self, shared.warps, own);
  std::int32_t before = place.before;
  NSAMETA_UNROLL(1)
  for (std::int32_t r = mine.begin; r < mine.end; ++r) {
    const std::int32_t cost = line[r];
    line[r] = before;
    before += cost;
  }
  if (self.thread() == 0) line[requests] = place.all;
  self.barrier();
  return place.all;
}

/// Where each of `parts` begins on the line of `requests`, and in which of them, up to the end of the last one with
/// work. A warp tries as many parts at once as it has lanes: up to the first one that ends at a boundary they are
/// `step` apart.
template <thread_context T>
NSAMETA_DEVICE void find_starts(T& self, std::int32_t parts, std::int32_t overhead, const std::int32_t* line,
                                std::int32_t requests, std::int32_t step, plan_memory& shared) {
  if (warp_of(self) == 0) {
    const std::int32_t all = line[requests];
    const int lane = lane_of(self);
    std::int32_t settled = 0, x = 0, low = 1;  // the first boundary beyond x is not before number `low`
    if (lane == 0) shared.starts[0] = shared.owners[0] = 0;
    NSAMETA_UNROLL(1)
    while (x < all) {
      const bool exists = lane < parts - settled;
      const std::int32_t y = x + (exists ? lane + 1 : 0) * step;
      const std::int32_t k = first_beyond(low, requests + 1, [&](std::int32_t i) { return line[i] > y; });
      const bool snaps = exists && (k > requests || line[k] <= y + overhead);
      const std::int32_t next = !snaps ? y : k > requests ? all : line[k];
      const std::uint64_t earlier_snaps = self.ballot(snaps) & ((std::uint64_t{1} << lane) - 1);
      const bool is_settled = exists && earlier_snaps == 0;
      if (is_settled) {
        shared.starts[settled + lane + 1] = next;
        shared.owners[settled + lane + 1] = snaps ? smaller(k, requests) : k - 1;
      }
      const auto count = static_cast<int>(self.sum(is_settled));
      settled += count;
      x = self.shuffle(next, count - 1);
      low = self.shuffle(smaller(k, requests), count - 1);
    }
    if (lane == 0) shared.settled = settled;
  }
  self.barrier();
}

}  // namespace nsameta::gpu
