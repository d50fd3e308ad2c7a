/// Runs a grid: its clusters one after another, on the calling thread.
#pragma once

#include <string>
#include <type_traits>

#include "simt/lane.h"

namespace nsameta::simt {

/// Calls `kernel(lane, shared)` on every lane of `blocks` blocks of `threads`, of which `cluster`, a divisor of
/// `blocks`, run together; `shared` is poisoned before each block. Returns what the kernel did wrong, empty if nothing;
/// later clusters are then not run. Thread-safe. Allocates only when the calling thread never ran as many lanes
/// together, or in as much shared memory.
template <int warp_width, class Shared, class Kernel>
std::string run_grid(int blocks, int threads, const Kernel& kernel, int cluster = 1) {
  static_assert(std::is_trivially_default_constructible_v<Shared> && std::is_trivially_destructible_v<Shared>);
  struct grid {
    const Kernel& kernel;
    int blocks;
  };
  const grid whole{kernel, blocks};
  const auto run_lane = [](const void* argument, team::member& self) {
    const grid& mine = *static_cast<const grid*>(argument);
    lane<warp_width> this_lane(self, mine.blocks);
    mine.kernel(this_lane, *reinterpret_cast<Shared*>(self.its_block->shared));
  };
  std::string failure;
  for (int first = 0; first < blocks && failure.empty(); first += cluster)
    failure =
        team::of_this_thread().run_cluster({first, cluster, threads, warp_width, sizeof(Shared)}, {run_lane, &whole});
  return failure;
}

}  // namespace nsameta::simt
