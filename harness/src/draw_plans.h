/// The plans that a case of the generator asks for.
#pragma once

#include <vector>

#include "harness/problem_data.h"
#include "harness/random.h"

namespace nsameta::harness {

/// One of each kind that the problem has, or some; now and then only such as a step on NVIDIA has, which a GPU's kernel
/// is for. Drawn apart, so that the case is the same with them and without.
std::vector<nsameta_plan> draw_plans(random_source& random, const problem_data& problem);

}  // namespace nsameta::harness
