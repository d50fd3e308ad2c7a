/// The cache lengths of all ranks of a kv_shard.
#pragma once

#include "common/plans/dcp_local.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, dcp_local_rule>& plan) {
  const dcp_local_rule& rule = plan.rule;
  visit_share(plan.at, share_of(plan.at.self, plan.at.batch.requests), [&](std::int32_t index, const request& r) {
    rule.write_request(plan.buffers[0] + index * rule.ranks, smaller(r.kv_len, plan.at.rule.fixed.limit));
  });
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, dcp_local_rule>&, std::int32_t) {
  return 0;
}

}  // namespace nsameta::gpu
