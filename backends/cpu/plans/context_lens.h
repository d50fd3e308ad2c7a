/// The lengths of the indexer.
#pragma once

#include "common/plans/context_lens.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Raises no bits.
template <class Rows>
std::uint32_t write_plan(const plan_work<context_lens_rule, Rows>& plan) {
  for (std::int32_t index = 0; index < plan.requests(); ++index)
    plan.rule.write_request(plan.buffer(0) + index * plan.rule.columns, plan.at(index).kv_len,
                            [&](std::int64_t seen) { return plan.rows.local(seen); });
  return 0;
}

}  // namespace nsameta::cpu
