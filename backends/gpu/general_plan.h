/// What the general kernel is launched with, worked out by the host. How many blocks a task gets is a guess from what
/// the host knows without reading a length: too few are slower, never wrong.
#pragma once

#include <cstdint>

#include "common/lengths.h"
#include "common/rules.h"
#include "gpu/general_outputs.h"
#include "gpu/short_plan.h"

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

/// A task for a batch in which `work` threads have something to do.
inline general_task general_task_of(std::int64_t requests, std::int64_t work, const launch_bounds& bounds) {
  constexpr std::int64_t tile = request_tile::size;
  const std::int64_t most =
      requests > tuning::many_requests ? bounds.blocks / tuning::blocks_per_multiprocessor : bounds.blocks;
  const std::int64_t tiles = std::max<std::int64_t>(1, rounded_up(requests, tile));
  const std::int64_t tiles_each = rounded_up(tiles, std::max<std::int64_t>(1, most));
  const std::int64_t groups = rounded_up(tiles, tiles_each);
  const std::int64_t wanted = rounded_up(work, groups * tuning::block_threads);
  const std::int64_t blocks = std::max<std::int64_t>(1, std::min(wanted, most / groups));
  const int shift = std::bit_width(static_cast<std::uint64_t>(blocks)) - 1;
  return {static_cast<std::int32_t>(groups << shift), shift, tiles_each * tile};
}

/// Units of page-table work that there can be, were every request as long as its table row.
inline std::int64_t table_unit_bound(const nsameta_problem& problem, const nsameta_outputs& out,
                                     std::int64_t row_bound) {
  constexpr std::int64_t plenty = std::int64_t{1} << 20;  // more fill any grid
  request longest{};
  longest.kv_len = problem.req_to_token.width;
  longest.rows = 1;
  const std::int64_t tiles = table_extent({problem, out, tile_columns<smallest_warp>}, longest).tiles;
  const std::int64_t rows = problem.mode == NSAMETA_EXTEND ? 0 : row_bound / tuning::table_copies;
  return std::min(tiles, plenty) * std::min(std::max(problem.batch_size, rows), plenty);
}

inline general_tasks general_tasks_of(const nsameta_problem& problem, const nsameta_outputs& out,
                                      const launch_bounds& bounds) {
  general_tasks tasks{};
  tasks.row_limit = rows_to_write(out, std::int64_t{1} << 62);
  if (wants_row_fields(out) || wants_request_fields(out))
    tasks.vectors = general_task_of(problem.batch_size, wants_row_fields(out) ? bounds.rows : 0, bounds);
  if (wants_tables(out))
    tasks.tables =
        general_task_of(problem.batch_size, table_unit_bound(problem, out, bounds.rows) * smallest_warp, bounds);
  if (present(out.status)) tasks.status = {1, 0, problem.batch_size};
  return tasks;
}

template <int max_sets>
general_arguments<max_sets> general_arguments_of(const nsameta_problem& problem, const nsameta_outputs* outputs,
                                                 int sets, const launch_bounds& bounds) {
  general_arguments<max_sets> arguments{.tasks = {},
                                        .lengths = lengths_of(problem),
                                        .is_plain = is_plain(problem),
                                        .problem = problem,
                                        .outputs = {},
                                        .constants = {}};
  if (!arguments.is_plain) arguments.constants = shard_constants::of(problem);
  for (int set = 0; set < sets; ++set) {
    arguments.tasks[set] = general_tasks_of(problem, outputs[set], bounds);
    arguments.outputs[set] = outputs[set];
  }
  return arguments;
}

}  // namespace nsameta::gpu
