/// The cache lengths of all ranks of a kv_shard.
#pragma once

#include "common/plans/line.h"
#include "plans.h"

namespace nsameta {

/// dcp_local_seq_lens. Request r has the lengths r * ranks and on.
struct dcp_local_rule {
  small_divisor ranks;
  std::int32_t interleave;
  divisor turn;  ///< positions until every rank had `interleave` of them

  static dcp_local_rule of(const nsameta_plan&, const nsameta_problem& problem) {
    const nsameta_kv_shard& shard = problem.kv_shard;
    return {small_divisor::of(shard.size), shard.interleave, divisor::of(std::int64_t{shard.size} * shard.interleave)};
  }
  /// Of `positions`, those of `rank`.
  NSAMETA_HOST_DEVICE std::int32_t held_by(std::int32_t rank, std::int64_t positions) const {
    const std::int64_t turns = turn.quotient(positions), left = positions - turns * turn.value;
    const std::int64_t own = left - std::int64_t{rank} * interleave;
    return static_cast<std::int32_t>(turns * interleave +
                                     smaller(larger(own, std::int64_t{0}), std::int64_t{interleave}));
  }
};

}  // namespace nsameta
