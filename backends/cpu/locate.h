/// From a row, or a unit of page-table work, to its request: a search over segments of requests whose totals are known,
/// then a walk inside one.
#pragma once

#include <cstdint>

#include "common/batch.h"

namespace nsameta {

/// The requests of a batch in `count` segments of `length` requests each (the last may be shorter, or empty), with the
/// totals of all requests before each segment.
struct segment_index {
  const totals* before;
  int count;
  std::int64_t length;
};

/// The request in which a running count passes `position`; `count_in(totals)` grows from request to request and passes
/// it at the end of the batch. Segments that share a start are empty but for the last of them, and so are skipped.
template <class Batch, class Count>
inline located_request locate_by(const Batch& batch, const segment_index& segments, std::int64_t position,
                                 Count count_in) {
  int low = 0;
  for (int high = segments.count; high - low > 1;) {
    const int middle = low + (high - low) / 2;
    (count_in(segments.before[middle]) <= position ? low : high) = middle;
  }
  located_request at{low * segments.length, {}, segments.before[low]};
  for (;; ++at.index) {
    at.value = batch.load(at.index, at.before);
    const totals through = at.before + batch.totals_of(at.index, at.value);
    // The second test ends the walk when the caller has changed the lengths since they were added up.
    if (position < count_in(through) || at.index + 1 >= batch.problem.batch_size) return at;
    at.before = through;
  }
}

/// The request that holds `row`, for row < T.
template <class Batch>
inline located_request locate_row(const Batch& batch, const segment_index& segments, std::int64_t row) {
  return locate_by(batch, segments, row, [&](const totals& sum) { return batch.rows(sum); });
}

/// The request that page-table unit `unit` belongs to.
template <class Batch>
inline located_request locate_unit(const Batch& batch, const segment_index& segments, std::int64_t unit) {
  return locate_by(batch, segments, unit, [](const totals& sum) { return sum.table_units; });
}

}  // namespace nsameta
