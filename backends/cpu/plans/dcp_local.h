/// A kv_shard: the cache lengths of all ranks, and where this one writes its keys.
#pragma once

#include "common/plans/dcp_local.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Raises no bits.
template <class Rows>
std::uint32_t write_plan(const plan_work<dcp_local_rule, Rows>& plan) {
  const std::int32_t ranks = plan.rule.ranks.value;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const std::int64_t positions = smaller(plan.at(index).kv_len, std::int64_t{plan.lengths.limit});
    for (std::int32_t rank = 0; rank < ranks; ++rank)
      plan.buffer(0)[index * ranks + rank] = plan.rule.held_by(rank, positions);
  }
  return 0;
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<local_slots_rule, Rows>& plan) {
  const key_slots keys = key_slots::of(plan.problem);
  const row_inputs given = row_inputs::of(plan.problem);
  auto* const slots = plan.template buffer<std::int64_t>(0);
  return visit_listed_rows(plan, [&](std::int64_t at, std::int64_t index, const request& r, std::int64_t seen) {
    slots[at] = is_padding_row(r) ? 0 : plan.rule.slot(keys, given, at, index, seen);
  });
}

}  // namespace nsameta::cpu
