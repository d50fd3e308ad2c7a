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
  std::int32_t* out[zigzag_rule::buffers];
  for (int buffer = 0; buffer < zigzag_rule::buffers; ++buffer) out[buffer] = plan.buffer(buffer);
  std::int32_t* const tokens = out[zigzag_rule::per_rank_tokens];
  std::fill_n(tokens, rule.ranks, 0);
  bool too_long = false;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    too_long |= rule.is_too_long(r.tokens);
    const zigzag_rule::cut cut = rule.cut_of(r.tokens);
    for (std::int32_t rank = 0; rank < rule.ranks; ++rank) tokens[rank] += rule.tokens_of(cut, rank);
    for (std::int32_t block = 0; block < rule.blocks.value; ++block)
      rule.write_block(out, index, block, plan.requests(), cut);
    for (const bool is_mirror : {false, true})
      rule.write_own(out, index, is_mirror, plan.requests(), r, cut, plan.lengths.limit);
  }
  return bit_if(too_long, NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::cpu
