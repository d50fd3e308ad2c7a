/// A kv_shard: the cache lengths of all ranks, and where this one writes its keys.
#pragma once

#include "common/plans/dcp_local.h"
#include "gpu/plans/lists.h"

namespace nsameta::gpu {

/// By several blocks, an element each thread.
template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, dcp_local_rule>& plan) {
  const dcp_local_rule& rule = plan.rule;
  const auto request_of_element = [&](std::int32_t element) { return rule.ranks.quotient(element); };
  visit_elements(plan, plan.at.batch.requests * rule.ranks.value, request_of_element,
                 [&](std::int32_t element, const request& r) {
                   const std::int32_t rank = element - request_of_element(element) * rule.ranks.value;
                   plan.buffers[0][element] = rule.held_by(rank, smaller(r.kv_len, plan.at.rule.fixed.limit));
                 });
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, dcp_local_rule>&, std::int32_t) {
  return 0;
}

template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, local_slots_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  reinterpret_cast<std::int64_t*>(plan.buffers[0])[element] =
      is_padding_row(place.of)
          ? 0
          : plan.rule.slot(plan.at.rule.fixed.keys, plan.rows, element, place.index, place.of.first + place.number);
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, local_slots_rule>& plan) {
  write_rows(plan, plan.at.batch.uniform_rows);
}

}  // namespace nsameta::gpu
