/// Caches whose entries stand for several tokens each.
#pragma once

#include "common/plans/state.h"
#include "cpu/plans/work.h"

namespace nsameta::cpu {

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<compressed_rows_rule, Rows>& plan) {
  using field = compressed_rows_rule;
  const field& rule = plan.rule;
  const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
  const row_inputs given = row_inputs::of(plan.problem);
  const auto& capacity = rule.held.capacity;
  auto* const slots = plan.template buffer<std::int64_t>(field::out_loc);
  return visit_listed_rows(plan, [&](std::int64_t at, std::int64_t index, const request& r, std::int64_t seen) {
    const field::row row = rule.row_of(fixed, given, at, index, seen);
    if (at < capacity[field::seq_lens]) plan.buffer(field::seq_lens)[at] = row.entries;
    if (at < capacity[field::seq_lens_clamp1]) plan.buffer(field::seq_lens_clamp1)[at] = larger(row.entries, 1);
    if (at < capacity[field::sparse_lens]) plan.buffer(field::sparse_lens)[at] = rule.clamped(row.entries);
    if (at < capacity[field::positions]) plan.buffer(field::positions)[at] = row.position;
    if (at < capacity[field::out_loc]) slots[at] = is_padding_row(r) ? rule.no_slot : row.slot;
  });
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<compressed_requests_rule, Rows>& plan) {
  std::int32_t *const past = plan.buffer(0), *const now = plan.buffer(1), *const sums = plan.buffer(2);
  std::uint32_t bits = 0;
  std::int32_t added = 0;
  if (sums != nullptr) sums[0] = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const entry_counts counts = plan.rule.counts(plan.at(index));
    added += plan.rule.added(counts);
    if (past != nullptr) past[index] = static_cast<std::int32_t>(counts.past);
    if (now != nullptr) now[index] = static_cast<std::int32_t>(counts.now);
    if (sums != nullptr) {
      sums[index + 1] = added;
      bits |= plan.rule.bits(counts);
    }
  }
  return bits;
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<compressed_candidates_rule, Rows>& plan) {
  using field = compressed_candidates_rule;
  const field& rule = plan.rule;
  const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
  std::int32_t *const starts = plan.buffer(field::write_start), *const tails = plan.buffer(field::tail_start);
  auto* const slots = plan.template buffer<std::int64_t>(field::candidate_loc);
  std::uint32_t bits = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    if (starts != nullptr) starts[index] = rule.first_position(r);
    if (tails != nullptr) tails[index] = rule.first_of_entry(r);
    for (std::int32_t number = 0; rule.has_slots && number < rule.columns; ++number)
      slots[std::int64_t{index} * rule.columns + number] = rule.slot(fixed, index, r, number);
    bits |= rule.bits(fixed, index, r);
  }
  return bits;
}

/// Events, carries, and what is kept of a state and read from it. Returns the bits that requests raise.
template <words_rule Rule, class Rows>
std::uint32_t write_plan(const plan_work<Rule, Rows>& plan) {
  const key_slots keys = key_slots::of(plan.problem);
  const int words = plan.rule.words();
  std::int64_t rows = 0;
  std::uint32_t bits =
      visit_list(plan, [&](std::int32_t listed, std::int32_t index, const request& r, std::int32_t end) {
        for (std::int32_t number = 0; number < end; ++number)
          plan.rule.write(plan.buffer(1) + std::int64_t{listed + number} * words, keys, index, r, rows, number);
        rows += r.rows;
      });
  if (plan.rule.invalid_tail)
    for (std::int64_t place = std::int64_t{plan.buffer(0)[0]} * words,
                      end = std::int64_t{plan.rule.held.most()} * words;
         place < end; ++place)
      plan.buffer(1)[place] = invalid_word(words, place);
  if constexpr (looking_rule<Rule>) {
    const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
    for (std::int32_t index = 0; index < plan.requests(); ++index) {
      const request r = plan.at(index);
      bits |= plan.rule.more_bits(keys, index, r, plan.rule.part(fixed, r, index).count);
    }
  }
  return bits;
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<state_decode_rule, Rows>& plan) {
  const key_slots keys = key_slots::of(plan.problem);
  std::uint32_t bits = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    plan.rule.write(plan.buffer(0) + std::int64_t{index} * 4, keys, index, r);
    bits |= plan.rule.bits(keys, index, r);
  }
  return bits;
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<ragged_rows_rule, Rows>& plan) {
  using field = ragged_rows_rule;
  const field& rule = plan.rule;
  std::int32_t *const sums = plan.buffer(field::cu_kv_lens), *const ks = plan.buffer(field::ks),
                      *const ke = plan.buffer(field::ke);
  std::int32_t begin = 0;
  if (sums != nullptr) sums[0] = 0;
  return visit_list(plan, [&](std::int32_t listed, std::int32_t index, const request& r, std::int32_t end) {
    for (std::int32_t j = 0; j < end; ++j) {
      if (listed + j < rule.held.capacity[0]) ks[listed + j] = begin;
      if (listed + j < rule.held.capacity[1]) ke[listed + j] = begin + rule.entries(r, r.first + j);
    }
    begin += rule.length(r);
    if (sums != nullptr) sums[index + 1] = begin;
  });
}

/// Returns the bits that requests raise.
template <class Rows>
std::uint32_t write_plan(const plan_work<ragged_blocks_rule, Rows>& plan) {
  const key_slots keys = key_slots::of(plan.problem);
  return visit_list(plan, [&](std::int32_t listed, std::int32_t index, const request&, std::int32_t end) {
    for (std::int32_t number = 0; number < end; ++number)
      plan.buffer(1)[listed + number] = plan.rule.element(keys, index, number);
  });
}

}  // namespace nsameta::cpu
