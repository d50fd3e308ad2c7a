/// How a grid is divided. Each part writes its own outputs and scans only the totals that these need; the parts run
/// side by side, so a fill takes as long as its slowest part.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "gpu/thread_context.h"

namespace nsameta::gpu {

/// Blocks of each part of the grid that fills one set of outputs, in the order of the grid; 0: nothing to do.
struct grid_parts {
  std::int32_t rows;      ///< the per-row outputs
  std::int32_t requests;  ///< the per-request outputs and T
  std::int32_t tables;    ///< the page tables
  std::int32_t status;    ///< the status word: one block

  NSAMETA_HOST_DEVICE std::int32_t total() const { return rows + requests + tables + status; }
};

/// A part of the grid as a grid of its own.
template <thread_context L>
struct part_lane : L {
  std::int32_t first, blocks;
  NSAMETA_DEVICE part_lane(const L& lane, std::int32_t first_block, std::int32_t block_count)
      : L(lane), first(first_block), blocks(block_count) {}
  NSAMETA_DEVICE int block() const { return L::block() - first; }
  NSAMETA_DEVICE int block_count() const { return blocks; }
};

/// Warps of the grid, and the index of this one.
template <int block_threads, thread_context L>
NSAMETA_DEVICE int warp_count(const L& lane) {
  return lane.block_count() * (block_threads / L::warp_width);
}
template <int block_threads, thread_context L>
NSAMETA_DEVICE int warp_index(const L& lane) {
  return lane.block() * (block_threads / L::warp_width) + lane.thread() / L::warp_width;
}

/// Calls `visit(i)` on the grid's threads for i in [begin, end), each once.
template <int block_threads, thread_context L, class Visit>
NSAMETA_DEVICE void deal_elements(const L& lane, std::int64_t begin, std::int64_t end, Visit visit) {
  const std::int64_t stride = static_cast<std::int64_t>(lane.block_count()) * block_threads;
  for (std::int64_t i = begin + static_cast<std::int64_t>(lane.block()) * block_threads + lane.thread(); i < end;
       i += stride)
    visit(i);
}

}  // namespace nsameta::gpu
