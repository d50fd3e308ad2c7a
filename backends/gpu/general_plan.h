/// What the general kernel is launched with.
#pragma once

#include <cstdint>

#include "common/lengths.h"
#include "common/rules.h"

namespace nsameta::gpu {

/// Blocks of a grid's row that share a task. Each group of requests has 2^blocks_shift of them.
struct general_task {
  std::int32_t blocks;  ///< 0: nothing to do
  std::int32_t blocks_shift;
  std::int64_t group_requests;
};

/// The tasks of one set of outputs, in the order of the blocks.
struct general_tasks {
  general_task vectors, tables, status;
  std::int64_t row_limit;  ///< rows that at least one output takes
};

/// The problem and the outputs as the caller stated them, validated, every pointer reachable by the device.
template <int max_sets>
struct general_arguments {
  general_tasks tasks[max_sets];
  batch_lengths lengths;
  bool is_plain;  ///< neither sharded nor pooled: `constants` are not read
  nsameta_problem problem;
  nsameta_outputs outputs[max_sets];
  shard_constants constants;
};

}  // namespace nsameta::gpu
