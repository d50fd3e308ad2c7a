/// What the kernels do: each block finds the part of the grid that it belongs to, and does that part's work.
#pragma once

#include <type_traits>

#include "gpu/kernels.h"
#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/status_word.h"
#include "gpu/step_tables.h"
#include "gpu/step_vectors.h"

namespace nsameta::gpu {

/// Shared memory of a block, of whichever part.
template <int block_threads>
union block_memory {
  scan_memory<std::int32_t, block_threads> narrow;
  scan_memory<std::int64_t, block_threads> wide;
  step_memory<block_threads> step;

  NSAMETA_DEVICE auto& of(std::int32_t) { return narrow; }
  NSAMETA_DEVICE auto& of(std::int64_t) { return wide; }
};

/// Fills one set of outputs with the blocks from `first` on.
template <bool narrow, int block_threads, device_lane L>
NSAMETA_DEVICE void fill_set(L& lane, const nsameta_problem& problem, const nsameta_outputs& outputs,
                             const batch_lengths& lengths, const set_plan& plan, std::int32_t first,
                             block_memory<block_threads>& shared) {
  using rule = std::conditional_t<narrow, basic_plain_rule<std::int32_t>, general_rule>;
  using status_rule = std::conditional_t<narrow, plain_rule, general_rule>;
  auto& memory = shared.of(typename rule::number{});
  const std::int32_t requests = first + plan.parts.rows;
  const std::int32_t tables = requests + plan.parts.requests;
  const std::int32_t status = tables + plan.parts.tables;
  if (lane.block() < requests) {
    part_lane<L> part(lane, first, plan.parts.rows);
    batch<rule, 0> work(problem, outputs, lengths, plan.kv_offset);
    write_row_fields(part, work, plan, memory);
  } else if (lane.block() < tables) {
    part_lane<L> part(lane, requests, plan.parts.requests);
    batch<rule, 0> work(problem, outputs, lengths, plan.kv_offset);
    write_request_fields(part, work, plan, memory);
  } else if (lane.block() < status) {
    part_lane<L> part(lane, tables, plan.parts.tables);
    batch<rule, table_tile> work(problem, outputs, lengths, plan.kv_offset);
    write_page_tables(part, work, memory);
  } else if (lane.block() < status + plan.parts.status) {
    batch<status_rule, table_tile> work(problem, outputs, lengths, plan.kv_offset);
    lone_lane<L> alone(lane);
    write_status_word(alone, work, shared.wide);
  }
}

/// Fills what a step_plan says with the first blocks of the grid. Returns whether this block was one of them.
template <bool int64_lengths, int block_threads, device_lane L>
NSAMETA_DEVICE bool fill_step(L& lane, const step_plan& plan, step_memory<block_threads>& shared) {
  if (lane.block() < plan.vectors.blocks) {
    write_step_vectors<vector_totals, int64_lengths>(lane, plan, shared);
    return true;
  }
  if (lane.block() >= plan.vectors.blocks + plan.tables.blocks) return false;
  part_lane<L> part(lane, plan.vectors.blocks, plan.tables.blocks);
  write_step_tables<int64_lengths>(part, plan.batch, plan.tables, shared);
  return true;
}

/// The body of the kernels that take a whole problem.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments<kernel_of<index>.work.max_sets>& arguments,
                               block_memory<kernel_of<index>.block_threads>& shared) {
  constexpr work_kind work = kernel_of<index>.work;
  constexpr int block_threads = kernel_of<index>.block_threads;
  lane.await_earlier_kernels();
  std::int32_t set = 0, first = 0;
  if constexpr (work.reach == reach::narrow && work.max_sets == 1) {
    if (fill_step<true>(lane, arguments.step, shared.step)) return;
    first = arguments.step.vectors.blocks + arguments.step.tables.blocks;
  }

  // On their way while the block finds out what it is to do.
  const batch_lengths& lengths = arguments.lengths;
  const std::int64_t request = lane.thread() * requests_per_thread<block_threads>(lengths.requests);
  if (request < lengths.requests) {
    lane.prefetch(static_cast<const char*>(lengths.kv) + request * lengths.kv_stride * (lengths.kv_is_int64 ? 8 : 4));
    if (lengths.tokens != nullptr)
      lane.prefetch(static_cast<const char*>(lengths.tokens) +
                    request * lengths.tokens_stride * (lengths.tokens_are_int64 ? 8 : 4));
  }
  if constexpr (work.max_sets > 1)
    while (set + 1 < work.max_sets && lane.block() >= first + arguments.plans[set].parts.total())
      first += arguments.plans[set++].parts.total();
  fill_set<work.reach == reach::narrow>(lane, arguments.problem, arguments.outputs[set], lengths, arguments.plans[set],
                                        first, shared);
}

/// The body of the kernels of a step.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const step_plan& plan, step_memory<kernel_of<index>.block_threads>& shared) {
  constexpr int block_threads = kernel_of<index>.block_threads;
  constexpr reach what = kernel_of<index>.work.reach;
  lane.await_earlier_kernels();
  if constexpr (what == reach::uniform_rows)
    write_uniform_rows<block_threads>(lane, plan);
  else if constexpr (what == reach::ragged_rows)
    write_step_vectors<row_totals, false>(lane, plan, shared);
  else if constexpr (what == reach::vectors)
    write_step_vectors<vector_totals, false>(lane, plan, shared);
  else
    fill_step<what == reach::int64_step>(lane, plan, shared);
}

/// Shared memory of kernel `index`.
template <int index>
using memory_of =
    std::conditional_t<takes_step_plan(kernel_of<index>.work.reach), step_memory<kernel_of<index>.block_threads>,
                       block_memory<kernel_of<index>.block_threads>>;

}  // namespace nsameta::gpu
