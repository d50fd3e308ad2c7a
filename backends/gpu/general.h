/// Everything that the short-rows kernels do not serve: each block finds the part of the grid that it belongs to, and
/// does that part's work.
#pragma once

#include <type_traits>

#include "gpu/page_tables.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/status_word.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

/// Shared memory of a block, of whichever part.
template <int block_threads>
union block_memory {
  scan_memory<std::int32_t, block_threads> narrow;
  scan_memory<std::int64_t, block_threads> wide;

  NSAMETA_DEVICE auto& of(std::int32_t) { return narrow; }
  NSAMETA_DEVICE auto& of(std::int64_t) { return wide; }
};

/// Fills one set of outputs.
template <bool narrow, int block_threads, thread_context L>
NSAMETA_DEVICE void fill_set(L& lane, const nsameta_problem& problem, const nsameta_outputs& outputs,
                             const batch_lengths& lengths, const set_plan& plan, block_memory<block_threads>& shared) {
  using rule = std::conditional_t<narrow, basic_plain_rule<std::int32_t>, general_rule>;
  using status_rule = std::conditional_t<narrow, plain_rule, general_rule>;
  auto& memory = shared.of(typename rule::number{});
  const std::int32_t requests = plan.parts.rows;
  const std::int32_t tables = requests + plan.parts.requests;
  const std::int32_t status = tables + plan.parts.tables;
  if (lane.block() < requests) {
    part_lane<L> part(lane, 0, plan.parts.rows);
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
    write_status_word(lane, work, shared.wide);
  }
}

}  // namespace nsameta::gpu
