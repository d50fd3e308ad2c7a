/// Tables of compressed caches and of windows, row by row.
#pragma once

#include "common/plans/row_tables.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <table_rule Rule, class Rows>
std::uint32_t write_plan(const plan_work<Rule, Rows>& plan) {
  constexpr bool of_window = std::is_same_v<Rule, window_rule>;
  const Rule& rule = plan.rule;
  const auto& capacity = rule.held.capacity;
  const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
  const row_inputs given = row_inputs::of(plan.problem);
  std::uint32_t bits = 0;
  if constexpr (of_window) {
    std::int64_t rows = 0;
    for (std::int32_t index = 0; index < plan.requests(); ++index) {
      const request r = plan.at(index);
      bits |= rule.position_bits(fixed, r, index);
      rows += r.rows;
    }
    for (std::int64_t row = 0; rule.looks_up_given() && row < smaller(rows, given.count); ++row)
      bits |= bit_if(fixed.keys.lacks(given.slot(row)), NSAMETA_BIT_BAD_SLOT);
  }
  const auto write_row = [&](std::int64_t at, std::int64_t index, const request& r, std::int64_t seen) {
    const auto range = rule.range(fixed, given, at, index, r, seen);
    if constexpr (of_window) {
      if (at < capacity[Rule::swa_lens]) plan.buffer(Rule::swa_lens)[at] = range.seen;
      if (at < capacity[Rule::swa_out_loc])
        plan.buffer(Rule::swa_out_loc)[at] = is_padding_row(r) ? -1 : rule.own_slot(fixed.keys, given, at, range);
    }
    if (at >= capacity[Rule::table]) return;
    std::int32_t* const row = plan.buffer(Rule::table) + at * rule.columns;
    const std::int32_t live = rule.has_values(range) ? range.live : 0;
    for (std::int32_t column = 0; column < live; ++column) row[column] = rule.value(fixed.keys, range, column);
    for (std::int32_t column = live; column < range.end; ++column) row[column] = -1;
  };
  return bits | visit_listed_rows(plan, write_row);
}

}  // namespace nsameta::cpu
