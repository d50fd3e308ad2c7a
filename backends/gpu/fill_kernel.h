/// The one kernel: every block scans the batch's lengths, then takes its share of each output.
#pragma once

#include <type_traits>

#include "common/outcome.h"
#include "gpu/kernels.h"
#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/tails.h"

namespace nsameta::gpu {

/// A part of the grid as a grid: every `parts`-th block, from `part` on.
template <device_lane L>
struct grid_part : L {
  int part, parts;
  NSAMETA_DEVICE grid_part(const L& lane, int part_index, int part_count)
      : L(lane), part(part_index), parts(part_count) {}
  NSAMETA_DEVICE int block() const { return L::block() / parts; }
  NSAMETA_DEVICE int block_count() const { return L::block_count() / parts; }
};

/// Fills one set of outputs with the blocks of `lane`'s grid.
template <int block_threads, class Rule, bool tables, device_lane L>
NSAMETA_DEVICE void fill_set(L& lane, const nsameta_problem& problem, const nsameta_outputs& outputs,
                             block_memory<block_threads>& shared) {
  batch<Rule, tables> work(problem, outputs);
  const scanned_batch scanned = scan_batch(lane, work, shared);
  write_request_fields(lane, work, scanned);
  write_row_fields<block_threads>(lane, work, scanned);
  if constexpr (tables) write_page_tables<block_threads>(lane, work, scanned);
  write_tails<block_threads>(lane, work, scanned);
  if (lane.block() == 0 && lane.thread() == 0) write_outcome(work, scanned.segments, scanned.all);
}

/// The body of kernel `index`. With several sets, the grid is a multiple of their number.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments<kernel_of<index>.work.max_sets>& arguments,
                               block_memory<kernel_of<index>.block_threads>& shared) {
  constexpr kernel self = kernel_of<index>;
  using rule = std::conditional_t<self.work.plain, plain_rule, general_rule>;
  if constexpr (self.work.max_sets == 1) {
    fill_set<self.block_threads, rule, self.work.tables>(lane, arguments.problem, arguments.outputs[0], shared);
  } else {
    const int set = lane.block() % arguments.sets;
    grid_part<L> part(lane, set, arguments.sets);
    fill_set<self.block_threads, rule, self.work.tables>(part, arguments.problem, arguments.outputs[set], shared);
  }
}

}  // namespace nsameta::gpu
