/// Tables of compressed caches: lists of rows, each of which a team of threads writes.
#pragma once

#include "common/plans/row_tables.h"
#include "gpu/plans/lists.h"

namespace nsameta::gpu {

template <class Work, table_rule Rule>
NSAMETA_DEVICE listed_part part_of(const plan_block<Work, Rule>& plan, std::int32_t index, const request& r) {
  return plan.rule.part(plan.at.rule.fixed, r, index);
}
template <class Work, table_rule Rule>
NSAMETA_DEVICE void write_element(const plan_block<Work, Rule>& plan, std::int32_t element,
                                  const element_place& place) {
  const Rule& rule = plan.rule;
  const shard_constants& fixed = plan.at.rule.fixed;
  const column_range range = rule.range(fixed, place.index, place.of, place.of.first + place.number);
  std::int32_t* const row = plan.buffers[0] + std::int64_t{element} * rule.columns;
  const std::int32_t lanes = place.writers.lanes;
  constexpr int loads = tuning::table_loads;
  NSAMETA_UNROLL(1)
  for (std::int64_t first = place.writers.lane; first < range.end; first += std::int64_t{loads} * lanes) {
    std::int32_t values[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k) {
      const auto column = static_cast<std::int32_t>(first + std::int64_t{k} * lanes);
      values[k] = column < range.live ? rule.value(fixed.keys, range, column) : -1;
    }
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (first + std::int64_t{k} * lanes < range.end) row[first + std::int64_t{k} * lanes] = values[k];
  }
}

template <class Work, table_rule Rule>
NSAMETA_DEVICE void write_plan(const plan_block<Work, Rule>& plan) {
  write_rows(plan, plan.rule.of_requests() ? 1 : plan.at.batch.uniform_rows);
}

}  // namespace nsameta::gpu
