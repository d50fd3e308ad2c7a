/// What one line of JSON states: a problem, how it is filled, and what the buffers held before.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "harness/output_layout.h"
#include "harness/problem_data.h"

namespace nsameta::harness {

struct fill_data {
  problem_data problem;
  fill_rules rules = {};
  bool step_vectors = false;             ///< whether they are asked for
  std::vector<nsameta_plan> plans = {};  ///< that are asked for, without buffers

  /// Whose rows the outputs have.
  problem_data batch() const { return rules.draft_step > 0 ? problem.draft() : problem; }
};

struct case_data : fill_data {
  /// Elements or rows of the buffers that are given, parallel to vector_fields and table_fields.
  std::array<std::optional<std::int64_t>, vector_fields.size()> elements = {};
  std::array<std::optional<std::int64_t>, table_fields.size()> rows = {};
  std::optional<fill_data> previous = {};  ///< filled into the same buffers first
  std::int32_t draft_steps = 0;            ///< of a drafter, each into a set of its own in the same call

  /// What its draft step `step` is asked for, from 1 on: in buffers for what is live.
  case_data draft(std::int32_t step) const;
};

/// Every row table that the problem has, and the step vectors where they are asked for, of the narrower type. Where no
/// capacity is given, the buffer holds exactly what is live, of the previous batch too.
output_layout layout_of(const case_data& stated);

/// `outputs`, laid out for a problem, as another fill is asked to write them.
nsameta_outputs view_for(const fill_data& fill, const nsameta_outputs& outputs);

}  // namespace nsameta::harness
