/// The one kernel: each block finds the part of the grid that it belongs to, and does that part's work.
#pragma once

#include <type_traits>

#include "gpu/kernels.h"
#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/short_requests.h"
#include "gpu/status_word.h"

namespace nsameta::gpu {

/// Shared memory of a block, of whichever part.
template <int block_threads>
union block_memory {
  scan_memory<std::int32_t, block_threads> narrow;
  scan_memory<std::int64_t, block_threads> wide;
  short_memory<block_threads> short_requests;

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
  } else {
    batch<status_rule, table_tile> work(problem, outputs, lengths, plan.kv_offset);
    write_status_word(lane, work, shared.wide);
  }
}

/// The body of kernel `index`.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments<kernel_of<index>.work.max_sets>& arguments,
                               block_memory<kernel_of<index>.block_threads>& shared) {
  constexpr work_kind work = kernel_of<index>.work;
  if constexpr (work.narrow && work.max_sets == 1)
    if (lane.block() < arguments.short_requests.blocks)
      return write_short_requests(lane, arguments.short_requests, shared.short_requests);

  // On their way while the block finds out what it is to do.
  const batch_lengths& lengths = arguments.lengths;
  const std::int64_t request = lane.thread() * requests_per_thread<kernel_of<index>.block_threads>(lengths.requests);
  if (request < lengths.requests) {
    lane.prefetch(static_cast<const char*>(lengths.kv) + request * lengths.kv_stride * (lengths.kv_is_int64 ? 8 : 4));
    if (lengths.tokens != nullptr)
      lane.prefetch(static_cast<const char*>(lengths.tokens) +
                    request * lengths.tokens_stride * (lengths.tokens_are_int64 ? 8 : 4));
  }
  std::int32_t set = 0, first = arguments.short_requests.blocks;
  if constexpr (work.max_sets > 1)
    while (lane.block() >= first + arguments.plans[set].parts.total()) first += arguments.plans[set++].parts.total();
  fill_set<work.narrow>(lane, arguments.problem, arguments.outputs[set], lengths, arguments.plans[set], first, shared);
}

}  // namespace nsameta::gpu
