/// The requests of a batch in segments that tasks take: what is before each, and from a row, or a unit of page-table
/// work, to its request.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "cpu/batch.h"
#include "cpu/pieces.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

class segments {
 public:
  segments(std::int64_t requests, int most)
      : requests_(requests),
        count_(static_cast<int>(std::clamp<std::int64_t>(requests / tuning::least_segment, 1, most))),
        length_(std::max<std::int64_t>(1, (requests + count_ - 1) / count_)) {
    std::fill_n(before_.begin(), count_, totals{});
  }

  /// Calls `visit(begin, end, before)` for the requests of each segment, `grain` requests a task or more.
  template <class Visit>
  void for_each(std::int64_t grain, Visit visit) {
    in_pieces(count_, std::max<std::int64_t>(1, grain / length_), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i)
        visit(std::min(i * length_, requests_), std::min((i + 1) * length_, requests_),
              before_[static_cast<std::size_t>(i)]);
    });
  }

  /// Finds what is before each segment, and returns the totals of all, `start` included. `add(begin, end, before)` adds
  /// up requests; `before` is as of an earlier scan.
  template <class Add>
  totals scan(std::int64_t grain, const totals& start, Add add) {
    for_each(grain, [&](std::int64_t begin, std::int64_t end, totals& own) { own = add(begin, end, own); });
    totals all = start;
    for (totals* own = before_.data(); own != before_.data() + count_; ++own) {
      const totals through = all + *own;
      *own = all;
      all = through;
    }
    return all;
  }

  /// The request that holds `row`, for row < T.
  template <class Batch>
  located_request locate_row(const Batch& batch, std::int64_t row) const {
    return locate(batch, row, [&](const totals& sum) { return batch.rows(sum); });
  }

  /// The request that page-table unit `unit` belongs to.
  template <class Batch>
  located_request locate_unit(const Batch& batch, std::int64_t unit) const {
    return locate(batch, unit, [](const totals& sum) { return sum.table_units; });
  }

 private:
  /// The request in which a running count passes `position`; `count_in(totals)` grows from request to request and
  /// passes it at the end of the batch. Segments that share a start are empty but for the last of them, and so are
  /// skipped.
  template <class Batch, class Count>
  located_request locate(const Batch& batch, std::int64_t position, Count count_in) const {
    const auto passes = [&](std::int64_t at, const totals& before) { return at < count_in(before); };
    const totals* const segment = std::upper_bound(before_.data() + 1, before_.data() + count_, position, passes) - 1;
    located_request at{(segment - before_.data()) * length_, {}, *segment};
    for (;; ++at.index) {
      at.value = batch.load(at.index, at.before);
      const totals through = at.before + batch.totals_of(at.index, at.value);
      // The second test ends the walk when the caller has changed the lengths since they were added up.
      if (position < count_in(through) || at.index + 1 >= batch.problem.batch_size) return at;
      at.before = through;
    }
  }

  std::int64_t requests_;
  int count_;
  std::int64_t length_;
  std::array<totals, tuning::max_segments> before_;  // the first `count_`
};

}  // namespace nsameta::cpu
