/// Compressed caches: their rows, which are a list where requests have different numbers of them, and their requests.
#pragma once

#include "common/plans/compressed.h"
#include "gpu/plans/lists.h"

namespace nsameta::gpu {

template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, compressed_rows_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  using field = compressed_rows_rule;
  const field& rule = plan.rule;
  const auto& capacity = rule.held.capacity;
  const field::row row =
      rule.row_of(plan.at.rule.fixed, plan.rows, element, place.index, place.of.first + place.number);
  if (element < capacity[field::seq_lens]) plan.buffers[field::seq_lens][element] = row.entries;
  if (element < capacity[field::seq_lens_clamp1])
    plan.buffers[field::seq_lens_clamp1][element] = larger(row.entries, 1);
  if (element < capacity[field::sparse_lens]) plan.buffers[field::sparse_lens][element] = rule.clamped(row.entries);
  if (element < capacity[field::positions]) plan.buffers[field::positions][element] = row.position;
  if (element < capacity[field::out_loc])
    reinterpret_cast<std::int64_t*>(plan.buffers[field::out_loc])[element] =
        is_padding_row(place.of) ? rule.no_slot : row.slot;
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, compressed_rows_rule>& plan) {
  write_rows(plan, plan.at.batch.uniform_rows);
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, compressed_requests_rule>& plan) {
  auto& self = plan.at.self;
  const compressed_requests_rule& rule = plan.rule;
  std::int32_t *const past = plan.buffers[0], *const now = plan.buffers[1], *const sums = plan.buffers[2];
  const thread_share mine = share_of(self, plan.at.batch.requests);
  std::int32_t own = 0;
  visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
    const entry_counts counts = rule.counts(r);
    own += rule.added(counts);
    if (past != nullptr) past[index] = static_cast<std::int32_t>(counts.past);
    if (now != nullptr) now[index] = static_cast<std::int32_t>(counts.now);
  });
  if (sums == nullptr) return;
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, own);
  std::int32_t added = place.before;
  if (self.thread() == 0) sums[0] = 0;
  visit_share(plan.at, mine,
              [&](std::int32_t index, const request& r) { sums[index + 1] = added += rule.added(rule.counts(r)); });
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, compressed_requests_rule>& plan, std::int32_t index) {
  if (plan.buffers[2] == nullptr) return 0;
  return plan.rule.bits(plan.rule.counts(whole_request(plan.at, index)));
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, compressed_candidates_rule>& plan) {
  using field = compressed_candidates_rule;
  const field& rule = plan.rule;
  const auto request_of_element = [&](std::int32_t element) {
    return rule.columns == 1 ? element : element / rule.columns;
  };
  const std::int32_t elements = plan.at.batch.requests * rule.columns;
  visit_elements(plan, elements, request_of_element, [&](std::int32_t element, const request& r) {
    const std::int32_t index = request_of_element(element), number = element - index * rule.columns;
    if (number == 0) {
      if (plan.buffers[field::write_start] != nullptr) plan.buffers[field::write_start][index] = rule.first_position(r);
      if (plan.buffers[field::tail_start] != nullptr) plan.buffers[field::tail_start][index] = rule.first_of_entry(r);
    }
    if (rule.has_slots)
      reinterpret_cast<std::int64_t*>(plan.buffers[field::candidate_loc])[element] =
          rule.slot(plan.at.rule.fixed, index, r, number);
  });
}
template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, compressed_candidates_rule>& plan,
                                          std::int32_t index) {
  return plan.rule.bits(plan.at.rule.fixed, index, whole_request(plan.at, index));
}

/// Events, carries, and what is kept of a state and read from it.
template <class Work, words_rule Rule>
NSAMETA_DEVICE void write_element(const plan_block<Work, Rule>& plan, std::int32_t element,
                                  const element_place& place) {
  plan.rule.write(plan.buffers[1] + std::int64_t{element} * plan.rule.words(), plan.at.rule.fixed.keys, place.index,
                  place.of, place.before, place.number);
}

/// What the plan's blocks write beyond a list of so many rows.
template <class Work, words_rule Rule>
NSAMETA_DEVICE void write_tail(const plan_block<Work, Rule>& plan, std::int32_t listed) {
  if (!plan.rule.invalid_tail) return;
  const int words = plan.rule.words();
  const std::int64_t end = std::int64_t{plan.rule.held.most()} * words;
  const team_place writers = one_each(plan);
  NSAMETA_UNROLL(1)
  for (std::int64_t place = std::int64_t{listed} * words + writers.team; place < end; place += writers.teams)
    plan.buffers[1][place] = invalid_word(words, place);
}

/// Of few requests with few rows each, as many of each, by the first block alone: a request each thread. So lengths are
/// read once, and nothing is searched for.
template <class Work, words_rule Rule>
NSAMETA_DEVICE void write_few(const plan_block<Work, Rule>& plan) {
  if (plan.index != 0) return;
  auto& self = plan.at.self;
  const std::int64_t each = plan.at.batch.uniform_rows;
  const std::int32_t requests = plan.at.batch.requests;
  const std::int32_t held = list_length(plan.rule, plan.rule.held.most(), each * requests);
  std::int32_t listed = 0;
  NSAMETA_UNROLL(1)
  for (std::int32_t first = 0; first < requests; first += tuning::block_threads) {
    const std::int32_t index = first + self.thread();
    request r{};
    std::int32_t count = 0;
    if (index < requests) {
      r = whole_request(plan.at, index);
      count = part_of(plan, index, r).count;
    }
    const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, count);
    std::int32_t element = listed + place.before;
    NSAMETA_UNROLL(1)
    for (std::int32_t number = 0; number < count && element < held; ++number, ++element)
      write_element(plan, element, {index, number, count, index * each, r, one_each(plan)});
    listed += place.all;
  }
  listed = list_length(plan.rule, listed, each * requests);
  if (self.thread() == 0) plan.buffers[0][0] = listed;
  write_tail(plan, listed);
}
template <class Work, words_rule Rule>
NSAMETA_DEVICE void write_plan(const plan_block<Work, Rule>& plan) {
  if (are_few(plan.at.batch.uniform_rows, plan.at.batch.requests))
    write_few(plan);
  else
    write_tail(plan, write_list(plan));
}

/// Rows in a buffer of all requests' entries: the list adds up these.
template <class Work>
NSAMETA_DEVICE std::int64_t added_by(const plan_block<Work, ragged_rows_rule>& plan, const request& r) {
  return plan.rule.length(r);
}
template <class Work>
NSAMETA_DEVICE void finish_request(const plan_block<Work, ragged_rows_rule>& plan, std::int32_t index, const request&,
                                   const listed_part&, const list_sums& through) {
  plan.buffers[ragged_rows_rule::cu_kv_lens][index + 1] = static_cast<std::int32_t>(through.added);
}
template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, ragged_rows_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  using field = ragged_rows_rule;
  const auto& capacity = plan.rule.held.capacity;
  const auto begin = static_cast<std::int32_t>(place.before);
  if (element < capacity[0]) plan.buffers[field::ks][element] = begin;
  if (element < capacity[1])
    plan.buffers[field::ke][element] = begin + plan.rule.entries(place.of, place.of.first + place.number);
}

/// Blocks that such a buffer is gathered from.
template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, ragged_blocks_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  plan.buffers[1][element] = plan.rule.element(plan.at.rule.fixed.keys, place.index, place.number);
}

}  // namespace nsameta::gpu
