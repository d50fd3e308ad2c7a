/// The lengths of the indexer, a row a request and a column for each of its query rows.
#pragma once

#include <limits>

#include "common/plans/line.h"
#include "plans.h"

namespace nsameta {

/// context_lens.
struct context_lens_rule {
  divisor pool;           ///< keys that the indexer's cache has one of
  small_divisor columns;  ///< next_n
  std::int32_t step;      ///< what a column sees more than the one before it: 1, or 0 where all hold the same

  static context_lens_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    static_assert(most_plan_requests * most_query_rows <= std::numeric_limits<std::int32_t>::max(),
                  "int32 numbers the lengths, so that no check of the host's has to");
    return {divisor::of(problem.index_kpool), small_divisor::of(plan.next_n),
            plan.preset == NSAMETA_CONTEXT_LENS_OF_ROWS};
  }
  /// The length in a column of a request of `positions` on all ranks, those past the limit too. `local(seen)`: what
  /// this rank holds of so many, within the limit.
  template <class Local>
  NSAMETA_HOST_DEVICE std::int32_t length(std::int64_t positions, std::int32_t column, const Local& local) const {
    const std::int64_t seen = positions - std::int64_t{step} * (columns.value - 1 - column);
    return static_cast<std::int32_t>(pool.quotient(local(larger(seen, std::int64_t{0}))));
  }
};

}  // namespace nsameta
