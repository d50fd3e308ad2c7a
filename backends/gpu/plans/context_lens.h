/// The lengths of the indexer.
#pragma once

#include "common/plans/context_lens.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, context_lens_rule>& plan) {
  const context_lens_rule& rule = plan.rule;
  visit_share(plan.at, share_of(plan.at.self, plan.at.batch.requests), [&](std::int32_t index, const request& r) {
    rule.write_request(plan.buffers[0] + index * rule.columns, r.kv_len,
                       [&](std::int64_t seen) { return plan.at.rule.local(seen); });
  });
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, context_lens_rule>&, std::int32_t) {
  return 0;
}

}  // namespace nsameta::gpu
