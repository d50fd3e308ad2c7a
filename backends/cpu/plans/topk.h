/// The rows that the top-k gives to a cluster of multiprocessors.
#pragma once

#include "common/plans/topk.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Raises no bits.
template <class Rows>
std::uint32_t write_plan(const plan_work<topk_rule, Rows>& plan) {
  const topk_rule& rule = plan.rule;
  const std::int32_t requests = plan.requests();
  const auto lengths_of = [&](std::int32_t index) {
    return [&plan, r = plan.at(index)](std::int32_t j) { return plan.seen(r, j); };
  };
  std::int32_t count[topk_rule::rungs]{};
  for (std::int32_t index = 0; index < requests; ++index) rule.add_longer(count, lengths_of(index));
  const std::int32_t threshold = rule.longer_than[rule.choose(count)];
  auto* const out = plan.template buffer<plan_pair>(0);
  std::int32_t listed = 0;
  for (std::int32_t index = 0; index < requests; ++index) {
    const auto length = lengths_of(index);
    for (std::int32_t j = rule.first_longer(threshold, length); j < rule.rows_each; ++j)
      out[++listed] = {index * rule.rows_each + j, static_cast<std::int32_t>(length(j))};
  }
  out[0] = {threshold, listed};
  return 0;
}

}  // namespace nsameta::cpu
