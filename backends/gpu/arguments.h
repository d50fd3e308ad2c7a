/// What a kernel is launched with, by value.
#pragma once

#include "nsameta/nsameta.h"

namespace nsameta::gpu {

/// The problem and the outputs as the caller stated them; validated, and every pointer reachable by the device. Under
/// the 4 KB that every vendor takes as kernel parameters.
struct fill_arguments {
  nsameta_problem problem;
  nsameta_outputs outputs;
};
static_assert(sizeof(fill_arguments) <= 4096);

}  // namespace nsameta::gpu
