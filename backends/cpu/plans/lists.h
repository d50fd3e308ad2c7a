/// Lists, in one pass over the requests.
#pragma once

#include <algorithm>

#include "common/plans/lists.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<page_list_rule, Rows>& plan) {
  const page_list_rule& rule = plan.rule;
  const key_slots keys = key_slots::of(plan.problem);
  std::int32_t* const indptr = plan.buffer(0);
  std::int32_t* const indices = plan.buffer(1);
  std::int32_t* const last_page_len = plan.buffer(2);
  std::uint32_t bits = 0;
  std::int32_t listed = 0;
  indptr[0] = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const std::int64_t positions = plan.cached(index);
    const listed_part part = rule.part(keys, plan.at(index), index, positions);
    bits |= part.bits;
    const std::int32_t end = smaller(part.count, larger(rule.held.capacity[0] - listed, 0));
    if (end > 0) {
      const std::int32_t* const row = rule.row(keys, index);
      if (rule.of_blocks || rule.page.value == 1)
        std::copy(row, row + end, indices + listed);
      else
        for (std::int32_t page = 0; page < end; ++page) indices[listed + page] = rule.element(row, page);
    }
    indptr[index + 1] = listed += part.count;
    if (last_page_len != nullptr) last_page_len[index] = rule.last_page(part, positions);
  }
  return rule.held.is_short(listed) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<logits_rule, Rows>& plan) {
  const logits_rule& rule = plan.rule;
  const auto& capacity = rule.held.capacity;
  std::int32_t* const sums = plan.buffer(0);
  auto* const rows = plan.template buffer<std::int64_t>(1);
  std::int32_t* const of_request = plan.buffer(2);
  std::int32_t* const local_pos = plan.buffer(3);
  std::uint32_t bits = 0;
  std::int32_t listed = 0;
  std::int64_t rows_end = 0;
  sums[0] = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    const listed_part part = rule.part(r, load(plan.problem.num_logits, index, 1));
    bits |= part.bits;
    rows_end += r.rows;
    for (std::int32_t i = 0; i < part.count; ++i, ++listed) {
      if (listed < capacity[0]) rows[listed] = rows_end - part.count + i;
      if (listed < capacity[1]) of_request[listed] = index;
      if (listed < capacity[2]) local_pos[listed] = i;
    }
    sums[index + 1] = listed;
  }
  return rule.held.is_short(listed) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

}  // namespace nsameta::cpu
