/// Launching the kernel: loading it once per device, and one launch per fill.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "gpu/call_scope.h"
#include "gpu/kernels.h"
#include "gpu/plan.h"

namespace nsameta::gpu {

inline constexpr int max_devices = 64;

/// Whether every kernel is resident, per device. Vendors load kernels lazily, and loading inside a graph capture breaks
/// the capture.
template <device_runtime R>
inline std::array<std::atomic<bool>, max_devices> warm{};

template <device_runtime R>
nsameta_status warm_up(std::int32_t device, failure_text* why) {
  const call_scope<R> scope(device);
  if (scope.entered() != R::success) return scope.check(scope.entered(), "making the device current", why);
  for (int kernel = 0; kernel < kernel_count; ++kernel)
    if (const nsameta_status status = scope.check(R::load(kernel), "loading a kernel", why); status != NSAMETA_OK)
      return status;
  warm<R>[static_cast<std::size_t>(device)].store(true, std::memory_order_release);
  return NSAMETA_OK;
}

/// The first fill on a device loads the kernels, unless the stream is capturing.
template <device_runtime R>
nsameta_status warm_up_outside_capture(launch_place place, failure_text* why) {
  bool capturing = false;
  const nsameta_status status = call_on<R>(place.device, "asking for the capture state", why,
                                           [&] { return R::is_capturing(place.stream, capturing); });
  if (status != NSAMETA_OK) return status;
  if (!capturing) return warm_up<R>(place.device, why);
  std::snprintf(why->text, sizeof why->text,
                "the stream is capturing and device %d is not warmed up; call nsameta_warmup before the capture",
                place.device);
  return NSAMETA_NOT_WARMED_UP;
}

/// One launch of at most `max_sets` sets.
template <device_runtime R, int max_sets>
typename R::error launch_sets(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                              const launch_policy& policy, void* stream) {
  fill_arguments<max_sets> arguments;
  arguments.lengths = lengths_of(problem);
  arguments.problem = problem;
  std::copy_n(outputs, sets, arguments.outputs);
  std::int64_t blocks = 0;
  bool narrow = true;
  arguments.short_requests = {};
  for (std::int64_t set = 0; set < sets; ++set) {
    arguments.plans[set] = plan_of(problem, outputs[set], policy);
    blocks += arguments.plans[set].parts.total();
    narrow = narrow && is_narrow(problem, outputs[set], arguments.plans[set]);
  }
  if (narrow && sets == 1) {
    arguments.short_requests = short_plan_of(problem, outputs[0], arguments.plans[0], policy.row_bound,
                                             variants[policy.variant].block_threads);
    if (arguments.short_requests.blocks > 0) {
      grid_parts& others = arguments.plans[0].parts;
      others.rows = others.requests = 0;
      blocks = arguments.short_requests.blocks + others.total();
    }
  }
  if (blocks == 0) return R::success;  // nothing is wanted
  return R::launch(kernel_for(policy.variant, narrow, sets), static_cast<int>(blocks), &arguments, stream);
}

template <device_runtime R>
nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t count,
                    const launch_policy& policy, launch_place place, failure_text* why) {
  if (!warm<R>[static_cast<std::size_t>(place.device)].load(std::memory_order_acquire))
    if (const nsameta_status status = warm_up_outside_capture<R>(place, why); status != NSAMETA_OK) return status;
  return call_on<R>(place.device, "launching the kernel", why, [&] {
    for (std::int64_t first = 0; first < count; first += NSAMETA_SETS_PER_LAUNCH) {
      const std::int64_t sets = std::min<std::int64_t>(count - first, NSAMETA_SETS_PER_LAUNCH);
      constexpr auto launch_one = launch_sets<R, 1>, launch_many = launch_sets<R, NSAMETA_SETS_PER_LAUNCH>;
      const auto error = (sets == 1 ? launch_one : launch_many)(problem, outputs + first, sets, policy, place.stream);
      if (error != R::success) return error;
    }
    return R::success;
  });
}

}  // namespace nsameta::gpu
