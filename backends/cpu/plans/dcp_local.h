/// The cache lengths of all ranks of a kv_shard.
#pragma once

#include "common/plans/dcp_local.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Raises no bits.
template <class Rows>
std::uint32_t write_plan(const plan_work<dcp_local_rule, Rows>& plan) {
  for (std::int32_t index = 0; index < plan.requests(); ++index)
    plan.rule.write_request(plan.buffer(0) + index * plan.rule.ranks,
                            smaller(plan.at(index).kv_len, std::int64_t{plan.lengths.limit}));
  return 0;
}

}  // namespace nsameta::cpu
