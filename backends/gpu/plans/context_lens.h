/// The lengths of the indexer.
#pragma once

#include "common/plans/context_lens.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

/// By several blocks, an element each thread.
template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, context_lens_rule>& plan) {
  const context_lens_rule& rule = plan.rule;
  const auto request_of_element = [&](std::int32_t element) { return rule.columns.quotient(element); };
  visit_elements(plan, plan.at.batch.requests * rule.columns.value, request_of_element,
                 [&](std::int32_t element, const request& r) {
                   const std::int32_t column = element - request_of_element(element) * rule.columns.value;
                   plan.buffers[0][element] =
                       rule.length(r.kv_len, column, [&](std::int64_t seen) { return plan.at.rule.local(seen); });
                 });
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, context_lens_rule>&, std::int32_t) {
  return 0;
}

}  // namespace nsameta::gpu
