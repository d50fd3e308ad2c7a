/// DeepGEMM's schedule of the indexer.
#pragma once

#include "common/plans/line.h"
#include "plans.h"

namespace nsameta {

/// paged_mqa_schedule. The line is one of splits; each of them has `atoms` units, and the units are dealt in equal
/// runs.
struct mqa_rule {
  divisor pool;       ///< keys that the indexer's cache has one of
  divisor split;      ///< keys
  std::int64_t most;  ///< splits that a request counts
  std::int32_t parts, atoms;
  std::int32_t rows;  ///< that coordinates count for each request
  bool extra_first, counts_rows, stays_at_end;

  static mqa_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    const mqa_preset& preset = mqa_presets[static_cast<std::size_t>(plan.preset)];
    const std::int32_t atoms = preset.atoms_of(plan.next_n);
    return {.pool = divisor::of(problem.index_kpool),
            .split = divisor::of(preset.split),
            .most = most_plan_units / atoms / larger<std::int64_t, std::int64_t>(problem.batch_size, 1),
            .parts = plan.parts,
            .atoms = atoms,
            .rows = preset.counts_rows ? plan.next_n : atoms,
            .extra_first = preset.extra_first,
            .counts_rows = preset.counts_rows,
            .stays_at_end = preset.stays_at_end};
  }

  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t length) const {
    return units_of(pool.quotient(length), split) > most;
  }
  NSAMETA_HOST_DEVICE std::int32_t splits(std::int64_t length) const {
    return static_cast<std::int32_t>(smaller(units_of(pool.quotient(length), split), most));
  }
  /// The first unit of part `part`, of `units`.
  NSAMETA_HOST_DEVICE std::int32_t begin(std::int32_t part, std::int32_t units) const {
    const std::int32_t each = units / parts, extra = units - each * parts;
    const std::int32_t longer = extra_first ? smaller(part, extra) : larger(part - (parts - extra), 0);
    return part * each + longer;
  }
  /// What a part's row says: it begins at `unit` of a request of `splits`.
  NSAMETA_HOST_DEVICE plan_pair within(std::int32_t request, std::int32_t unit, std::int32_t splits) const {
    if (counts_rows) return {request * rows, unit / rows};
    return {request * rows + unit / splits, unit % splits};
  }
  /// The same of one that begins where the line ends.
  NSAMETA_HOST_DEVICE plan_pair at_end(std::int32_t part, std::int32_t requests, std::int32_t units) const {
    const bool stays = stays_at_end && units == 0 && part < parts && requests > 0;
    return {(requests - stays) * rows, 0};
  }
};

}  // namespace nsameta
