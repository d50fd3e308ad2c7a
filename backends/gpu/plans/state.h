/// Raw tokens that wait until an entry is made from them.
#pragma once

#include "common/plans/state.h"
#include "gpu/plans/lists.h"

namespace nsameta::gpu {

/// By several blocks, a request each thread.
template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, state_decode_rule>& plan) {
  visit_elements(
      plan, plan.at.batch.requests, [](std::int32_t index) { return index; },
      [&](std::int32_t index, const request& r) {
        plan.rule.write(plan.buffers[0] + std::int64_t{index} * 4, plan.at.rule.fixed.keys, index, r);
      });
}
template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, state_decode_rule>& plan, std::int32_t index) {
  return plan.rule.bits(plan.at.rule.fixed.keys, index, whole_request(plan.at, index));
}

template <class Work, looking_rule Rule>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, Rule>& plan, std::int32_t index) {
  const request r = whole_request(plan.at, index);
  const listed_part part = part_of(plan, index, r);
  return part.bits | plan.rule.more_bits(plan.at.rule.fixed.keys, index, r, part.count);
}

}  // namespace nsameta::gpu
