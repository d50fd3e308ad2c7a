/// How a prefill is cut over ranks that each take a block of every request and its mirror.
#pragma once

#include <algorithm>

#include "common/plans/zigzag.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<zigzag_rule, Rows>& plan) {
  const zigzag_rule& rule = plan.rule;
  const std::int32_t requests = plan.requests(), blocks = 2 * rule.ranks;
  const auto out = [&](int buffer) { return plan.buffer(buffer); };
  std::fill_n(out(zigzag_rule::per_rank_tokens), rule.ranks, 0);
  bool too_long = false;
  for (std::int32_t index = 0; index < requests; ++index) {
    const request r = plan.at(index);
    const zigzag_rule::cut cut = rule.cut_of(r.tokens);
    too_long |= rule.is_too_long(r.tokens);
    for (std::int32_t rank = 0; rank < rule.ranks; ++rank)
      out(zigzag_rule::per_rank_tokens)[rank] += rule.tokens_of(cut, rank);
    for (std::int32_t block = 0; block < blocks; ++block) {
      const std::int32_t place = rule.gathered(index, block, requests);
      out(zigzag_rule::split_list)[index * blocks + block] = cut.size(block);
      out(zigzag_rule::cp_reverse_index)[index * blocks + block] = place;
      out(zigzag_rule::reverse_split_len)[place] = cut.size(block);
    }
    for (int half = 0; half < 2; ++half) {
      const std::int32_t block = half == 0 ? rule.rank : rule.mirror(rule.rank);
      out(zigzag_rule::zigzag_index)[half * requests + index] = index * blocks + block;
      out(zigzag_rule::q_prev + half)[index] = cut.size(block);
      out(zigzag_rule::kv_prev + half)[index] = rule.seen_by(cut, block, r, plan.lengths.limit);
    }
  }
  return bit_if(too_long, NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::cpu
