/// The one kernel: each block finds the part of the grid that it belongs to, and does that part's work.
#pragma once

#include <type_traits>

#include "gpu/kernels.h"
#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/status_word.h"

namespace nsameta::gpu {

/// Shared memory of a block.
template <int block_threads>
struct block_memory {
  scan_memory<block_threads> scan;
  parked_requests<block_threads> parked;
};

/// Fills one set of outputs with the blocks from `first` on.
template <int block_threads, class Rule, device_lane L>
NSAMETA_DEVICE void fill_set(L& lane, const nsameta_problem& problem, const nsameta_outputs& outputs,
                             const grid_parts& parts, std::int32_t first, block_memory<block_threads>& shared) {
  batch<Rule, 0> vectors(problem, outputs);
  batch<Rule, table_tile> with_tables(problem, outputs);
  const std::int32_t requests = first + parts.rows;
  const std::int32_t tables = requests + parts.requests;
  const std::int32_t status = tables + parts.tables;
  if (lane.block() < requests) {
    part_lane<L> part(lane, first, parts.rows);
    write_row_fields<block_threads>(part, vectors, shared.scan, shared.parked);
  } else if (lane.block() < tables) {
    part_lane<L> part(lane, requests, parts.requests);
    write_request_fields<block_threads>(part, vectors, shared.scan);
  } else if (lane.block() < status) {
    part_lane<L> part(lane, tables, parts.tables);
    write_page_tables<block_threads>(part, with_tables, shared.scan);
  } else {
    write_status_word<block_threads>(lane, with_tables, shared.scan);
  }
}

/// The body of kernel `index`.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments<kernel_of<index>.work.max_sets>& arguments,
                               block_memory<kernel_of<index>.block_threads>& shared) {
  constexpr kernel self = kernel_of<index>;
  using rule = std::conditional_t<self.work.plain, plain_rule, general_rule>;
  std::int32_t set = 0, first = 0;
  if constexpr (self.work.max_sets > 1)
    while (lane.block() >= first + arguments.parts[set].total()) first += arguments.parts[set++].total();
  fill_set<self.block_threads, rule>(lane, arguments.problem, arguments.outputs[set], arguments.parts[set], first,
                                     shared);
}

}  // namespace nsameta::gpu
