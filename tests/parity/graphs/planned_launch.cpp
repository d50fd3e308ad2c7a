#include "planned_launch.h"

#include <algorithm>
#include <string_view>

#include "gpu/launch.h"
#include "simt/runtime.h"

namespace nsameta::replays {
namespace {

planned_launch last;

/// A runtime whose launch takes a note.
struct note_taker : simt::runtime {
  static error launch(int kernel, gpu::launch_shape shape, const void*, void*) {
    last = {gpu::kernel_at(kernel), shape};
    return success;
  }
};

}  // namespace

planned_launch plan_launch(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                           const nsameta_decision& decision) {
  const auto* const variant = std::ranges::find_if(
      gpu::variants, [&](const gpu::variant& each) { return std::string_view(each.name) == decision.variant; });
  const launch_policy policy{static_cast<std::int32_t>(variant - gpu::variants), decision.block_threads,
                             decision.max_blocks, decision.row_bound};
  constexpr auto one = gpu::launch_sets<note_taker, 1>, many = gpu::launch_sets<note_taker, NSAMETA_SETS_PER_LAUNCH>;
  const std::int64_t first = std::min<std::int64_t>(sets, NSAMETA_SETS_PER_LAUNCH);
  (sets == 1 ? one : many)(problem, outputs, first, policy, {});
  return last;
}

}  // namespace nsameta::replays
