/// DeepGEMM's schedule, in two passes over the requests: how long the line is, and where it is cut.
#pragma once

#include "common/plans/paged_mqa.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<mqa_rule, Rows>& plan) {
  const mqa_rule& rule = plan.rule;
  const std::int32_t requests = plan.requests();
  std::int32_t all = 0;
  bool too_long = false;
  for (std::int32_t r = 0; r < requests; ++r) {
    const std::int64_t keys = plan.cached(r);
    all += rule.splits(keys);
    too_long |= rule.is_too_long(keys);
  }
  const std::int32_t units = all * rule.atoms;
  auto* const out = plan.template buffer<plan_pair>(0);
  std::int32_t r = 0, begin = 0, end = 0;  // the units of the requests before r, and with it
  std::int32_t splits = 0;
  for (std::int32_t part = 0; part <= rule.parts; ++part) {
    const std::int32_t unit = rule.begin(part, units);
    for (; end <= unit && r < requests; ++r) {
      begin = end;
      splits = rule.splits(plan.cached(r));
      end += splits * rule.atoms;
    }
    out[part] = unit == units ? rule.at_end(part, requests, units) : rule.within(r - 1, unit - begin, splits);
  }
  return bit_if(too_long, NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::cpu
