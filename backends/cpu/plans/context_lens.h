/// The lengths of the indexer.
#pragma once

#include "common/plans/context_lens.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Raises no bits.
template <class Rows>
std::uint32_t write_plan(const plan_work<context_lens_rule, Rows>& plan) {
  const std::int32_t columns = plan.rule.columns.value;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const std::int64_t positions = plan.at(index).kv_len;
    for (std::int32_t column = 0; column < columns; ++column)
      plan.buffer(0)[index * columns + column] =
          plan.rule.length(positions, column, [&](std::int64_t seen) { return plan.rows.local(seen); });
  }
  return 0;
}

}  // namespace nsameta::cpu
