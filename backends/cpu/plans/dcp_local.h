/// The cache lengths of all ranks of a kv_shard.
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

}  // namespace nsameta::cpu
