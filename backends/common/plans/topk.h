/// The rows that the top-k gives to a cluster of multiprocessors.
#pragma once

#include "common/plans/line.h"
#include "plans.h"
#include "problem.h"

namespace nsameta {

/// topk_plan: thresholds from the longest down, and how many rows may be longer than each.
struct topk_rule {
  static constexpr int rungs = 6;
  std::int32_t longer_than[rungs], most[rungs];
  std::int32_t rows_each;  ///< of a request

  static topk_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    topk_rule rule{
        {393216, 262144, 196608, 131072, 98304, 65536}, {128, 112, 80, 60, 48, 30}, lengths_of(problem).uniform_rows};
    if (plan.threshold > 0)
      for (std::int32_t& length : rule.longer_than) length = plan.threshold;
    return rule;
  }

  /// Adds to `count[i]` the rows of a request that are longer than threshold i: its last ones, because they see more
  /// from row to row. `length(j)`: of row j.
  template <class Length>
  NSAMETA_HOST_DEVICE void add_longer(std::int32_t (&count)[rungs], const Length& length) const {
    if (rows_each == 0 || length(rows_each - 1) <= longer_than[rungs - 1]) return;  // which nearly all are
    NSAMETA_UNROLL(6)
    for (int i = 0; i < rungs; ++i) count[i] += rows_each - first_longer(longer_than[i], length);
  }
  template <class Length>
  NSAMETA_HOST_DEVICE std::int32_t first_longer(std::int32_t threshold, const Length& length) const {
    return first_beyond(0, rows_each, [&](std::int32_t j) { return length(j) > threshold; });
  }

  /// A threshold's number, where `count` is of the batch.
  NSAMETA_HOST_DEVICE int choose(const std::int32_t (&count)[rungs]) const {
    int chosen = 0;
    while (chosen + 1 < rungs && count[chosen] <= most[chosen] && count[chosen + 1] <= most[chosen + 1]) ++chosen;
    return chosen;
  }
};

}  // namespace nsameta
