/// The rows that the top-k gives to a cluster of multiprocessors.
#pragma once

#include "common/plans/topk.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, topk_rule>& plan) {
  auto& self = plan.at.self;
  const topk_rule& rule = plan.rule;
  const std::int32_t requests = plan.at.batch.requests;
  const thread_share mine = share_of(self, requests);
  const auto lengths_of = [&](const request& r) {
    return [&](std::int32_t j) { return length_of_row<std::int64_t>(plan.at.rule, r, j); };
  };
  topk_counts own{};
  visit_share(plan.at, mine, [&](std::int32_t, const request& r) { rule.add_longer(own.count, lengths_of(r)); });
  const topk_counts all = block_sum(self, plan.shared.counts, own);
  const int chosen = rule.choose(all.count);
  const std::int32_t threshold = rule.longer_than[chosen];
  std::int32_t longer = 0;
  NSAMETA_UNROLL(6)
  for (int i = 0; i < topk_rule::rungs; ++i)
    if (i == chosen) longer = own.count[i];
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, longer);
  auto* const out = reinterpret_cast<plan_pair*>(plan.buffers[0]);
  std::int32_t listed = place.before;
  if (longer > 0)
    visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
      const auto length = lengths_of(r);
      for (std::int32_t j = rule.first_longer(threshold, length); j < rule.rows_each; ++j)
        out[++listed] = {index * rule.rows_each + j, static_cast<std::int32_t>(length(j))};
    });
  if (self.thread() == 0) out[0] = {threshold, place.all};
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, topk_rule>&, std::int32_t) {
  return 0;
}

}  // namespace nsameta::gpu
