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
};

struct case_data : fill_data {
  /// Elements or rows of the buffers that are given, parallel to vector_fields and table_fields.
  std::array<std::optional<std::int64_t>, vector_fields.size()> elements = {};
  std::array<std::optional<std::int64_t>, table_fields.size()> rows = {};
  std::optional<fill_data> previous = {};  ///< filled into the same buffers first
};

/// Every row table that the problem has, and the step vectors where they are asked for, of the narrower type. Where no
/// capacity is given, the buffer holds exactly what is live, of the previous batch too.
output_layout layout_of(const case_data& stated);

/// `outputs`, laid out for a problem, as another fill is asked to write them.
nsameta_outputs view_for(const fill_data& fill, const nsameta_outputs& outputs);

}  // namespace nsameta::harness
