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
  std::uint32_t bits = 0;
  std::int64_t number = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    const listed_part part = rule.part(fixed, r, index);
    bits |= part.bits;
    if constexpr (of_window) bits |= rule.position_bits(fixed, r, index);
    const std::int64_t end = smaller(std::int64_t{part.count}, rule.held.most() - number);
    for (std::int64_t j = 0; j < end; ++j) {
      const std::int64_t at = number + j;
      const auto range = rule.range(fixed, index, r, r.first + j);
      if constexpr (of_window) {
        if (at < capacity[Rule::swa_lens]) plan.buffer(Rule::swa_lens)[at] = range.seen;
        if (at < capacity[Rule::swa_out_loc]) plan.buffer(Rule::swa_out_loc)[at] = rule.own_slot(fixed.keys, range);
      }
      if (at >= capacity[Rule::table]) continue;
      std::int32_t* const row = plan.buffer(Rule::table) + at * rule.columns;
      const std::int32_t live = rule.has_values(range) ? range.live : 0;
      for (std::int32_t column = 0; column < live; ++column) row[column] = rule.value(fixed.keys, range, column);
      for (std::int32_t column = live; column < range.end; ++column) row[column] = -1;
    }
    number += part.count;
  }
  return rule.held.is_short(number) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

}  // namespace nsameta::cpu
