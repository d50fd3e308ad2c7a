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
  std::int32_t* const* const out = plan.buffers;
  const std::int32_t requests = plan.at.batch.requests, blocks = 2 * rule.ranks;
  visit_share(plan.at, share_of(self, requests), [&](std::int32_t index, const request& r) {
    const zigzag_rule::cut cut = rule.cut_of(r.tokens);
    NSAMETA_UNROLL(1)
    for (std::int32_t block = 0; block < blocks; ++block) {
      const std::int32_t place = rule.gathered(index, block, requests);
      out[zigzag_rule::split_list][index * blocks + block] = cut.size(block);
      out[zigzag_rule::cp_reverse_index][index * blocks + block] = place;
      out[zigzag_rule::reverse_split_len][place] = cut.size(block);
    }
    for (int half = 0; half < 2; ++half) {
      const std::int32_t block = half == 0 ? rule.rank : rule.mirror(rule.rank);
      out[zigzag_rule::zigzag_index][half * requests + index] = index * blocks + block;
      out[zigzag_rule::q_prev + half][index] = cut.size(block);
      out[zigzag_rule::kv_prev + half][index] = rule.seen_by(cut, block, r, plan.at.rule.fixed.limit);
    }
  });
  // A warp adds up what a rank has.
  NSAMETA_UNROLL(1)
  for (std::int32_t rank = warp_of(self); rank < rule.ranks; rank += tuning::block_threads / width) {
    std::int32_t tokens = 0;
    for (std::int32_t index = lane_of(self); index < requests; index += width)
      tokens += rule.tokens_of(rule.cut_of(whole_request(plan.at, index).tokens), rank);
    tokens = warp_sum(self, tokens);
    if (lane_of(self) == 0) out[zigzag_rule::per_rank_tokens][rank] = tokens;
  }
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, zigzag_rule>& plan, std::int32_t index) {
  return bit_if(plan.rule.is_too_long(whole_request(plan.at, index).tokens), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
