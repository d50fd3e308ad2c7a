/// Tables of compressed caches, row by row.
#pragma once

#include "common/plans/row_tables.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <table_rule Rule, class Rows>
std::uint32_t write_plan(const plan_work<Rule, Rows>& plan) {
  const Rule& rule = plan.rule;
  const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
  std::uint32_t bits = 0;
  std::int64_t number = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    const listed_part part = rule.part(fixed, r, index);
    bits |= part.bits;
    const std::int64_t end = smaller(std::int64_t{part.count}, rule.held.most() - number);
    for (std::int64_t j = 0; j < end; ++j) {
      const column_range range = rule.range(fixed, index, r, r.first + j);
      std::int32_t* const row = plan.buffer(0) + (number + j) * rule.columns;
      for (std::int32_t column = 0; column < range.live; ++column) row[column] = rule.value(fixed.keys, range, column);
      for (std::int32_t column = range.live; column < range.end; ++column) row[column] = -1;
    }
    number += part.count;
  }
  return rule.held.is_short(number) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

}  // namespace nsameta::cpu
