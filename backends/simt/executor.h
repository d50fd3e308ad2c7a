/// Runs a grid: its blocks one after another, on the calling thread.
#pragma once

#include <cstring>
#include <string>
#include <type_traits>

#include "simt/lane.h"

namespace nsameta::simt {

/// What fresh memory holds, so that a read of memory that nobody wrote shows: as an int32 it is negative and large.
inline constexpr int poison = 0xa5;

/// Calls `kernel(lane, shared)` on every lane of `blocks` blocks of `threads`; `shared` is poisoned before each block.
/// Returns what the kernel did wrong, empty if nothing; later blocks are then not run. Thread-safe. Allocates only when
/// the calling thread never ran as large a block.
template <int warp_width, class Shared, class Kernel>
std::string run_grid(int blocks, int threads, const Kernel& kernel) {
  static_assert(std::is_trivially_default_constructible_v<Shared> && std::is_trivially_destructible_v<Shared>);
  team& lanes = team::of_this_thread();
  struct running_block {
    const Kernel& kernel;
    Shared& shared;
    int index, count;
  } block{kernel, *static_cast<Shared*>(lanes.shared_memory(sizeof(Shared))), 0, blocks};

  const auto run_lane = [](const void* argument, team::member& self) {
    const running_block& mine = *static_cast<const running_block*>(argument);
    lane<warp_width> this_lane(self, mine.index, mine.count);
    mine.kernel(this_lane, mine.shared);
  };
  for (; block.index < blocks; ++block.index) {
    std::memset(static_cast<void*>(&block.shared), poison, sizeof(Shared));
    if (std::string failure = lanes.run_block(threads, warp_width, {run_lane, &block}); !failure.empty())
      return "block " + std::to_string(block.index) + ": " + failure;
  }
  return {};
}

}  // namespace nsameta::simt
