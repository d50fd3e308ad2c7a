/// DeepGEMM's schedule of the indexer.
#pragma once

#include "common/plans/paged_mqa.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, mqa_rule>& plan) {
  auto& self = plan.at.self;
  const mqa_rule& rule = plan.rule;
  const std::int32_t requests = plan.at.batch.requests;
  const thread_share mine = share_of(self, requests);
  std::int32_t own = 0;
  visit_share(plan.at, mine, [&](std::int32_t, const request& r) { own += rule.splits(plan.at.rule.local(r.kv_len)); });
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, own);
  plan.shared.chunks[self.thread()] = place.before;
  if (self.thread() == 0) plan.shared.chunks[tuning::block_threads] = place.all;
  self.barrier();
  const std::int32_t units = place.all * rule.atoms;
  auto* const out = reinterpret_cast<plan_pair*>(plan.buffers[0]);
  NSAMETA_UNROLL(1)
  for (std::int32_t part = self.thread(); part <= rule.parts; part += tuning::block_threads) {
    const std::int32_t unit = rule.begin(part, units);
    if (unit == units) {
      out[part] = rule.at_end(part, requests, units);
      continue;
    }
    const std::int32_t split = unit / rule.atoms;
    const std::int32_t chunk =
        first_beyond(0, tuning::block_threads, [&](std::int32_t i) { return plan.shared.chunks[i + 1] > split; });
    std::int32_t r = chunk * mine.each, before = plan.shared.chunks[chunk];
    std::int32_t splits = rule.splits(cached_length(plan.at, r));
    NSAMETA_UNROLL(1)
    while (before + splits <= split) {
      before += splits;
      splits = rule.splits(cached_length(plan.at, ++r));
    }
    out[part] = rule.within(r, unit - before * rule.atoms, splits);
  }
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, mqa_rule>& plan, std::int32_t index) {
  return bit_if(plan.rule.is_too_long(cached_length(plan.at, index)), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
