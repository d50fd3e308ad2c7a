/// aiter's works.
#pragma once

#include <algorithm>

#include "common/plans/aiter.h"
#include "cpu/plans/line.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// The buffers of aiter's plan.
struct aiter_buffers {
  std::int32_t* work_indptr;
  aiter_rule::work* works;
  std::int32_t *reduce_indptr, *final_map, *partial_map;
};

/// `entry(i)`: of all `entries`.
template <class Entry>
void write_cut_together(const aiter_rule& rule, const aiter_buffers& out, std::int32_t entries, const Entry& entry) {
  const auto cost = [&](std::int32_t i) { return rule.cost(entry(i)); };
  std::int32_t all = 0;
  for (std::int32_t i = 0; i < entries; ++i) all += cost(i);
  const std::int32_t step = all / rule.splits + (all % rule.splits != 0);
  std::int32_t count = 0, placed = 0;  // works, and those of entries in several pieces
  std::int32_t begin = 0, before = 0;  // of the entry: its first page, and the places of those before it
  const std::int32_t live =
      for_each_part(rule.splits, rule.overhead, step, entries, cost, [&](std::int32_t part, const line_part& p) {
        out.work_indptr[part] = count;
        std::int32_t from = p.begin, on_line = p.request_begin;
        for (std::int32_t i = p.request; i <= p.last; ++i) {
          const aiter_rule::entry e = entry(i);
          const std::int32_t entry_end = on_line + rule.cost(e);
          const bool is_first = from == on_line, is_last = p.end >= entry_end;
          const std::int32_t place = is_first && is_last ? -1 : placed++;
          if (is_first) out.reduce_indptr[i] = before;
          if (place >= 0) out.partial_map[place] = place;
          if (rule.stride > 0) begin = i * rule.stride;
          out.works[count++] = rule.work_of(i, place, begin, is_first ? 0 : (from - on_line) * rule.granularity.value,
                                            is_last ? e.pages : (p.end - on_line) * rule.granularity.value, e);
          if (!is_last) break;
          begin += e.pages;
          before = placed;
          from = on_line = entry_end;
        }
      });
  out.reduce_indptr[entries] = placed;
  std::fill(out.work_indptr + live, out.work_indptr + rule.parts + 1, count);
}

template <class Entry>
void write_cut_each(const aiter_rule& rule, const aiter_buffers& out, std::int32_t entries, const Entry& entry) {
  std::int32_t count = 0, before = 0;  // works, and pages of the rows before
  aiter_rule::range read{};
  bool is_after_empty = false;
  for (std::int32_t i = 0; i < entries; ++i) {
    const aiter_rule::entry e = entry(i);
    const aiter_rule::pieces cut = rule.pieces_of(e);
    if (i % rule.copies == 0) {
      read = rule.read_alone(e, before, is_after_empty);
      before += e.pages;
      is_after_empty = e.pages == 0;
    }
    out.reduce_indptr[i] = count;
    for (std::int32_t k = 0; k < cut.count; ++k, ++count) {
      out.works[count] = rule.piece_of(i, count, k, cut, read);
      out.partial_map[count] = out.works[count].word[1];
    }
  }
  out.reduce_indptr[entries] = count;
  for (std::int32_t part = 0; part <= rule.parts; ++part) out.work_indptr[part] = rule.first_work(part, count);
}

/// Returns the bits that entries raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<aiter_rule, Rows>& plan) {
  const aiter_rule& rule = plan.rule;
  const std::int32_t rows = plan.requests() * rule.rows.value, entries = rows * rule.copies;
  const auto length = [&](std::int32_t row) {
    const std::int32_t index = rule.rows.quotient(row);
    return plan.seen(plan.at(index), row - index * rule.rows.value);
  };
  bool too_long = false;
  for (std::int32_t row = 0; row < rows; ++row) too_long |= rule.is_too_long(length(row));
  const aiter_buffers out{plan.buffer(0), plan.template buffer<aiter_rule::work>(1), plan.buffer(2), plan.buffer(3),
                          plan.buffer(4)};
  const auto entry = [&](std::int32_t i) { return rule.entry_of(length(i / rule.copies)); };
  if (rule.is_fast)
    write_cut_together(rule, out, entries, entry);
  else
    write_cut_each(rule, out, entries, entry);
  for (std::int32_t i = 0; i < entries; ++i) {
    out.final_map[2 * i] = i;
    out.final_map[2 * i + 1] = i + 1;
  }
  return bit_if(too_long, NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::cpu
