/// How a prefill is cut over ranks that each take a block of every request and its mirror.
#pragma once

#include "common/plans/zigzag.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, zigzag_rule>& plan) {
  auto& self = plan.at.self;
  constexpr int width = std::remove_reference_t<decltype(self)>::warp_width;
  const zigzag_rule& rule = plan.rule;
  const std::int32_t requests = plan.at.batch.requests;
  visit_share(plan.at, share_of(self, requests), [&](std::int32_t index, const request& r) {
    rule.write_request(plan.buffers, index, requests, r, plan.at.rule.fixed.limit);
  });
  // A warp adds up what a rank has.
  NSAMETA_UNROLL(1)
  for (std::int32_t rank = warp_of(self); rank < rule.ranks; rank += tuning::block_threads / width) {
    std::int32_t tokens = 0;
    for (std::int32_t index = lane_of(self); index < requests; index += width)
      tokens += rule.tokens_of(rule.cut_of(whole_request(plan.at, index).tokens), rank);
    tokens = warp_sum(self, tokens);
    if (lane_of(self) == 0) plan.buffers[zigzag_rule::per_rank_tokens][rank] = tokens;
  }
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, zigzag_rule>& plan, std::int32_t index) {
  return bit_if(plan.rule.is_too_long(whole_request(plan.at, index).tokens), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
