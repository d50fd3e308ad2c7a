/// FlashMLA's tiles, in two passes over the requests: how long the line is, and where it is cut.
#pragma once

#include <algorithm>

#include "common/plans/flashmla.h"
#include "cpu/plans/line.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<tile_rule, Rows>& plan) {
  const tile_rule& rule = plan.rule;
  const std::int32_t requests = plan.requests();
  const auto length = [&](std::int32_t r) {
    return rule.topk == 0 ? plan.cached(r)
                          : rule.sparse_length(load(plan.problem.topk_lens, r, rule.topk),
                                               load(plan.problem.extra_topk_lens, r, rule.extra_topk));
  };
  std::int32_t all = 0;
  bool too_long = false;
  for (std::int32_t r = 0; r < requests; ++r) {
    const std::int64_t keys = length(r);
    all += rule.cost(keys);
    too_long |= rule.is_too_long(keys);
  }
  const std::int32_t step = all / rule.parts + (all % rule.parts != 0);
  auto* const rows = plan.template buffer<tile_rule::row>(0);
  std::int32_t* const num_splits = plan.buffer(1);
  num_splits[0] = 0;

  std::int32_t pieces = 0;
  const auto cost = [&](std::int32_t r) { return rule.cost(length(r)); };
  const std::int32_t live =
      for_each_part(rule.parts, rule.overhead, step, requests, cost, [&](std::int32_t part, const line_part& p) {
        const bool is_whole = p.end == p.last_end;
        for (std::int32_t r = p.request; r <= p.last; ++r) {
          ++pieces;
          if (r < p.last || is_whole) num_splits[r + 1] = pieces;
        }
        rows[part] = rule.row_of(p, step, is_whole ? rule.blocks(length(p.last)) : 0);
      });
  if (live < rule.parts)
    std::fill(rows + live, rows + rule.parts,
              rule.idle(requests, requests > 0 ? cost(0) : 0, requests > 0 ? rule.blocks(length(requests - 1)) : 0));
  return bit_if(too_long, NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::cpu
