/// From a row to its request: a search over segments of requests whose totals are known, then a walk inside one.
#pragma once

#include <cstdint>

#include "common/totals.h"

namespace nsameta {

/// A request in its batch.
struct located_request {
  std::int64_t index;
  request value;
  totals before;  ///< of all earlier requests

  NSAMETA_HOST_DEVICE std::int64_t end_row() const { return before.rows + value.rows; }
  /// Positions that `row`, one of this request's, sees on all ranks.
  NSAMETA_HOST_DEVICE std::int64_t seen_by(std::int64_t row) const {
    const std::int64_t seen = value.first + (row - before.rows);
    return seen > 0 ? seen : 0;
  }
  /// Sum of the clamped lengths of all rows before `row`, one of this request's.
  template <class Rule>
  NSAMETA_HOST_DEVICE std::int64_t clamped_before(const Rule& rule, std::int64_t row) const {
    return saturating_add(before.clamped, rule.sum(value.first, row - before.rows));
  }
};

/// The requests of a batch in `count` segments of `length` requests each (the last may be shorter, or empty).
/// `Starts` gives, for segment i, `rows(i)` and `totals_before(i)`.
template <class Starts>
struct segment_index {
  Starts starts;
  int count;
  std::int64_t length;
};

/// The request that holds `row`, for row < T. Segments that share a start are empty but for the last of them, and so are
/// skipped.
template <class Rule, class Starts>
NSAMETA_HOST_DEVICE located_request locate(const nsameta_problem& problem, const Rule& rule,
                                           const segment_index<Starts>& segments, std::int64_t row) {
  int low = 0;
  for (int high = segments.count; high - low > 1;) {
    const int middle = low + (high - low) / 2;
    (segments.starts.rows(middle) <= row ? low : high) = middle;
  }
  located_request at{low * segments.length, {}, segments.starts.totals_before(low)};
  for (;; ++at.index) {
    at.value = load_request(problem, at.index);
    if (row < at.end_row()) return at;
    at.before = at.before + totals_of(rule, at.value);
  }
}

}  // namespace nsameta
