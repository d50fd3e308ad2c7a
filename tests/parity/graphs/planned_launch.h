/// The launch that the host side of a GPU backend makes of a fill, worked out by its own code and not made.
#pragma once

#include "gpu/runtime.h"
#include "nsameta/nsameta.h"

namespace nsameta::test {

struct planned_launch {
  int kernel;  ///< its gpu::kernel_id
  gpu::launch_shape shape;
};

/// The first launch for `sets` sets, under the policy that `decision` tells.
planned_launch plan_launch(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                           const nsameta_decision& decision);

}  // namespace nsameta::test
