/// Tables of compressed caches and of windows: lists of rows, each of which a team of threads writes.
#pragma once

#include "common/plans/row_tables.h"
#include "gpu/plans/lists.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, window_rule>& plan, std::int32_t index) {
  const request r = whole_request(plan.at, index);
  return part_of(plan, index, r).bits | plan.rule.position_bits(plan.at.rule.fixed, r, index);
}

template <class Work>
NSAMETA_DEVICE void write_window_fields(const plan_block<Work, window_rule>& plan, std::int32_t element,
                                        const element_place& place, const window_range& range) {
  using field = window_rule;
  const auto& capacity = plan.rule.held.capacity;
  if (element < capacity[field::swa_lens]) plan.buffers[field::swa_lens][element] = range.seen;
  if (element < capacity[field::swa_out_loc])
    plan.buffers[field::swa_out_loc][element] =
        is_padding_row(place.of) ? -1 : plan.rule.own_slot(plan.at.rule.fixed.keys, plan.rows, element, range);
}

/// A row. A lane has the loads of a few columns under way. Those of entries are the same whether a column is live or
/// not. A window's, of which each has two, are left out where a column is not: 32 decodes take 3.7 us in place of 4.3.
template <class Work, table_rule Rule>
NSAMETA_DEVICE void write_element(const plan_block<Work, Rule>& plan, std::int32_t element,
                                  const element_place& place) {
  constexpr bool of_window = std::is_same_v<Rule, window_rule>;
  constexpr int loads = tuning::table_loads;
  const Rule& rule = plan.rule;
  const shard_constants& fixed = plan.at.rule.fixed;
  const auto range = rule.range(fixed, plan.rows, element, place.index, place.of, place.of.first + place.number);
  if constexpr (of_window)
    if (place.writers.lane == 0) write_window_fields(plan, element, place, range);
  if (element >= rule.held.capacity[Rule::table]) return;
  std::int32_t* const row = plan.buffers[Rule::table] + std::int64_t{element} * rule.columns;
  const std::int32_t lanes = place.writers.lanes, live = rule.has_values(range) ? range.live : 0;
  NSAMETA_UNROLL(1)
  for (std::int64_t first = place.writers.lane; first < range.end; first += std::int64_t{loads} * lanes) {
    const auto column = [&](int k) { return first + std::int64_t{k} * lanes; };
    std::int32_t values[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k) values[k] = -1;
    if (first < live) {
      NSAMETA_UNROLL(8)
      for (int k = 0; k < loads; ++k) {
        if (of_window && column(k) >= live) continue;
        const auto within = static_cast<std::int32_t>(smaller(column(k), live - std::int64_t{1}));
        const std::int32_t value = rule.value(fixed.keys, range, within);
        if (column(k) < live) values[k] = value;
      }
    }
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (column(k) < range.end) row[column(k)] = values[k];
  }
}

template <class Work, table_rule Rule>
NSAMETA_DEVICE void write_plan(const plan_block<Work, Rule>& plan) {
  write_rows(plan, plan.rule.of_requests() ? 1 : plan.at.batch.uniform_rows);
}

}  // namespace nsameta::gpu
