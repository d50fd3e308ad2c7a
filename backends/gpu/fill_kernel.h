/// The one kernel: each block finds the part of the grid that it belongs to, and does that part's work.
#pragma once

#include <type_traits>

#include "gpu/kernels.h"
#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/status_word.h"

namespace nsameta::gpu {

/// Fills one set of outputs with the blocks from `first` on.
template <class Rule, int block_threads, device_lane L>
NSAMETA_DEVICE void fill_set(L& lane, const nsameta_problem& problem, const nsameta_outputs& outputs,
                             const batch_lengths& lengths, const set_plan& plan, std::int32_t first,
                             block_memory<block_threads>& shared) {
  const std::int32_t requests = first + plan.parts.rows;
  const std::int32_t tables = requests + plan.parts.requests;
  const std::int32_t status = tables + plan.parts.tables;
  batch<Rule, 0> vectors(problem, outputs, lengths, plan.kv_offset);
  batch<Rule, table_tile> with_tables(problem, outputs, lengths, plan.kv_offset);
  if (lane.block() < requests) {
    part_lane<L> part(lane, first, plan.parts.rows);
    write_row_fields(part, vectors, plan, shared);
  } else if (lane.block() < tables) {
    part_lane<L> part(lane, requests, plan.parts.requests);
    write_request_fields(part, vectors, plan, shared);
  } else if (lane.block() < status) {
    part_lane<L> part(lane, tables, plan.parts.tables);
    write_page_tables(part, with_tables, shared);
  } else {
    write_status_word(lane, with_tables, shared);
  }
}

/// The body of kernel `index`.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments<kernel_of<index>.work.max_sets>& arguments,
                               block_memory<kernel_of<index>.block_threads>& shared) {
  constexpr work_kind work = kernel_of<index>.work;
  using rule = std::conditional_t<work.plain, plain_rule, general_rule>;
  std::int32_t set = 0, first = 0;
  if constexpr (work.max_sets > 1)
    while (lane.block() >= first + arguments.plans[set].parts.total()) first += arguments.plans[set++].parts.total();
  fill_set<rule>(lane, arguments.problem, arguments.outputs[set], arguments.lengths, arguments.plans[set], first,
                 shared);
}

}  // namespace nsameta::gpu
