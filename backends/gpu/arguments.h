/// What a kernel is launched with, by value.
#pragma once

#include <cstdint>

#include "gpu/grid.h"
#include "nsameta/nsameta.h"

namespace nsameta::gpu {

/// The problem and the outputs as the caller stated them; validated, and every pointer reachable by the device. Under
/// the 4 KB that every vendor takes as kernel parameters.
template <int max_sets>
struct fill_arguments {
  nsameta_problem problem;
  grid_parts parts[max_sets];
  nsameta_outputs outputs[max_sets];
};
static_assert(sizeof(fill_arguments<NSAMETA_SETS_PER_LAUNCH>) <= 4096);

}  // namespace nsameta::gpu
