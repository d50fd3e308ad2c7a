/// Runs a grid: its blocks one after another, on the calling thread; of wide warps the last one first.
#pragma once

#include <string>
#include <type_traits>

#include "simt/thread_context.h"

namespace nsameta::simt {

/// Calls `kernel(self, shared)` on every thread of `sets` rows of `blocks` blocks of `threads`; `shared` is poisoned
/// before each block. Returns what the kernel did wrong, empty if nothing; later blocks are then not run. Thread-safe.
/// Allocates only when the calling thread never ran a block of as many threads, or with as much shared memory.
template <int warp_width, class Shared, class Kernel>
std::string run_grid(int blocks, int threads, const Kernel& kernel, int sets = 1) {
  static_assert(std::is_trivially_default_constructible_v<Shared> && std::is_trivially_destructible_v<Shared>);
  struct grid {
    const Kernel& kernel;
    int set;
  };
  grid whole{kernel, 0};
  const auto run_thread = [](const void* argument, team::member& self) {
    const grid& mine = *static_cast<const grid*>(argument);
    thread_context<warp_width> context(self, mine.set);
    mine.kernel(context, *reinterpret_cast<Shared*>(self.owner.shared()));
  };
  std::string failure;
  // No order of blocks is promised: wide warps run the last one first, so that none mends what another spoils.
  const bool downwards = warp_width > 32;
  for (; whole.set < sets; ++whole.set)
    for (int done = 0; done < blocks && failure.empty(); ++done)
      failure = team::of_this_thread().run_block(
          {downwards ? blocks - 1 - done : done, threads, warp_width, sizeof(Shared)}, {run_thread, &whole});
  return failure;
}

}  // namespace nsameta::simt
