/// What a plan is written from.
#pragma once

#include "common/plans/lists.h"
#include "cpu/request.h"

namespace nsameta::cpu {

/// A plan, and the lengths it is of. `Rows`: what becomes of a request's rows.
template <class Rule, class Rows>
struct plan_work {
  const Rule& rule;
  const nsameta_problem& problem;
  const nsameta_vector* buffers;
  const batch_lengths& lengths;
  const Rows& rows;
  std::int64_t offset;  ///< of the set

  std::int32_t requests() const { return static_cast<std::int32_t>(problem.batch_size); }
  request at(std::int64_t index) const { return load_request(lengths, offset, index); }
  /// Positions of a request's cache on this rank.
  std::int64_t cached(std::int64_t index) const { return rows.local(at(index).kv_len); }
  /// What row `j` of a request sees on this rank.
  std::int64_t seen(const request& r, std::int64_t j) const {
    return rows.local(larger<std::int64_t, std::int64_t>(r.first + j, 0));
  }
  template <class Element = std::int32_t>
  Element* buffer(int number) const {
    return static_cast<Element*>(buffers[number].data);
  }
};

/// Calls `visit(listed, index, request, end)` for each request: what is listed before it, and how many of its elements
/// a buffer has room for. Writes how many there are, where the plan does. Returns the bits that requests raise.
template <class Rule, class Rows, class Visit>
std::uint32_t visit_list(const plan_work<Rule, Rows>& plan, const Visit& visit) {
  const shard_constants fixed = shard_constants::of(plan.problem, plan.lengths.limit);
  std::int64_t rows = 0;
  if constexpr (requires { plan.rule.fits(rows); })
    for (std::int32_t index = 0; index < plan.requests(); ++index) rows += plan.at(index).rows;
  const std::int32_t most = list_length(plan.rule, plan.rule.held.most(), rows);
  std::int32_t listed = 0;
  std::uint32_t bits = 0;
  for (std::int32_t index = 0; index < plan.requests(); ++index) {
    const request r = plan.at(index);
    const listed_part part = plan.rule.part(fixed, r, index);
    bits |= part.bits;
    visit(listed, index, r, smaller(part.count, larger(most - listed, 0)));
    listed += part.count;
  }
  if constexpr (requires { Rule::counts; }) plan.buffer(0)[0] = list_length(plan.rule, listed, rows);
  return bits | list_bits(plan.rule, listed, rows);
}

/// Calls `visit(at, index, request, seen)` for each row of a list that a buffer holds: its place, its request, and what
/// it would see if nothing were clamped. Padding rows come last. Returns the bits that requests raise.
template <class Rule, class Rows, class Visit>
std::uint32_t visit_listed_rows(const plan_work<Rule, Rows>& plan, const Visit& visit) {
  std::int64_t all = 0;
  const std::uint32_t bits =
      visit_list(plan, [&](std::int32_t listed, std::int32_t index, const request& r, std::int32_t end) {
        for (std::int32_t j = 0; j < end; ++j) visit(listed + j, index, r, r.first + j);
        all = std::int64_t{listed} + end;
      });
  const std::int32_t last = plan.requests() - 1;
  for (; all < padding_end(plan.rule); ++all) {
    const request padding = request_of_padding_row(plan.at(last));
    visit(all, last, padding, padding.first);
  }
  return bits;
}

inline std::int64_t load(const nsameta_strided& vector, std::int64_t index, std::int64_t absent) {
  return vector.data == nullptr ? absent : load(vector.data, is_int64(vector), index * vector.stride);
}

}  // namespace nsameta::cpu
