/// How a prefill is cut over ranks that each take a block of every request and its mirror.
#pragma once

#include "common/plans/zigzag.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

/// By several blocks, of a request's blocks one each thread, so that neighbours are stored together. Which of them are
/// this rank's says the rest.
template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, zigzag_rule>& plan) {
  auto& self = plan.at.self;
  constexpr int threads = tuning::block_threads, width = std::remove_reference_t<decltype(self)>::warp_width;
  const zigzag_rule& rule = plan.rule;
  const std::int32_t requests = plan.at.batch.requests, each = rule.blocks.value;
  const auto request_of_element = [&](std::int32_t element) { return rule.blocks.quotient(element); };
  visit_elements(plan, requests * each, request_of_element, [&](std::int32_t element, const request& r) {
    const std::int32_t index = request_of_element(element), block = element - index * each;
    const zigzag_rule::cut cut = rule.cut_of(r.tokens);
    rule.write_block(plan.buffers, index, block, requests, cut);
    const bool is_mirror = block == rule.mirror(rule.rank);
    if (block == rule.rank || is_mirror)
      rule.write_own(plan.buffers, index, is_mirror, requests, r, cut, plan.at.rule.fixed.limit);
  });

  // All requests of a rank are added up in one place: by a block where there is one for each rank, else by a warp.
  const bool by_blocks = plan.count >= rule.ranks;
  const int team = by_blocks ? threads : width, teams = threads / team;
  const int member = by_blocks ? self.thread() : lane_of(self);
  NSAMETA_UNROLL(1)
  for (std::int32_t rank = plan.index * teams + (by_blocks ? 0 : warp_of(self)); rank < rule.ranks;
       rank += plan.count * teams) {
    row_sums<std::int32_t> own{};
    visit_every(
        plan.at, member, team, requests, [](std::int32_t index) { return index; },
        [&](std::int32_t, const request& r) { own.rows += rule.tokens_of(rule.cut_of(r.tokens), rank); });
    const std::int32_t all = by_blocks ? block_sum(self, plan.shared.warps, own).rows : warp_sum(self, own.rows);
    if (member == 0) plan.buffers[zigzag_rule::per_rank_tokens][rank] = all;
  }
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, zigzag_rule>& plan, std::int32_t index) {
  return bit_if(plan.rule.is_too_long(whole_request(plan.at, index).tokens), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
