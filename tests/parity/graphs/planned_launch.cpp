#include "planned_launch.h"

#include <algorithm>

#include "gpu/module.h"
#include "simt/runtime.h"

namespace nsameta::test {
namespace {

planned_launch last;

/// A runtime whose launch takes a note.
struct note_taker : simt::runtime {
  static error launch(int kernel, gpu::launch_shape shape, const void*, void*) {
    last = {kernel, shape};
    return success;
  }
};

}  // namespace

planned_launch plan_launch(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                           const nsameta_decision& decision) {
  constexpr std::int64_t some_blocks = 500;
  constexpr int most_sets = NSAMETA_SETS_PER_LAUNCH;
  auto launched = static_cast<int>(std::min<std::int64_t>(sets, most_sets));
  gpu::launch_sets<note_taker>(problem, outputs, launched, {decision.row_bound, some_blocks}, {});
  return last;
}

}  // namespace nsameta::test
