/// Launching the kernel: loading it once per device, and one launch per fill.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "gpu/call_scope.h"
#include "gpu/kernels.h"
#include "gpu/plan_step.h"

namespace nsameta::gpu {

inline constexpr int max_devices = 64;

/// Whether every kernel is resident, per device. Vendors load kernels lazily, and loading inside a graph capture breaks
/// the capture.
template <device_runtime R>
inline std::array<std::atomic<bool>, max_devices> warm{};

template <device_runtime R>
nsameta_status load_kernels(std::int32_t device, failure_text* why) {
  return call_on<R>(device, "loading a kernel", why, [device] {
    [[maybe_unused]] const typename R::beside_captures guard;
    for (int kernel = 0; kernel < kernel_count; ++kernel)
      if (const auto error = R::load(kernel); error != R::success) return error;
    warm<R>[static_cast<std::size_t>(device)].store(true, std::memory_order_release);
    return R::success;
  });
}

/// Runs every kernel with nothing to do, on a stream of its own, and waits.
template <device_runtime R>
typename R::error run_idle() {
  static constexpr fill_arguments<NSAMETA_SETS_PER_LAUNCH> nothing{};
  [[maybe_unused]] const typename R::beside_captures guard;
  void* stream = nullptr;
  typename R::error error = R::create_stream(stream);
  if (error != R::success) return error;
  for (int kernel = 0; kernel < kernel_count && error == R::success; ++kernel)
    error = R::launch(kernel, {1, 1}, &nothing, stream);
  if (error == R::success) error = R::synchronize(stream);
  const typename R::error closed = R::destroy_stream(stream);
  return error != R::success ? error : closed;
}

/// Loads the kernels, and runs them, because a device's first launches take several times as long as later ones.
template <device_runtime R>
nsameta_status warm_up(std::int32_t device, failure_text* why) {
  const nsameta_status loaded = load_kernels<R>(device, why);
  return loaded != NSAMETA_OK ? loaded : call_on<R>(device, "running a kernel", why, [] { return run_idle<R>(); });
}

/// The first fill on a device loads the kernels, unless the stream is capturing.
template <device_runtime R>
nsameta_status load_outside_capture(launch_place place, failure_text* why) {
  bool capturing = false;
  const nsameta_status status = call_on<R>(place.device, "asking for the capture state", why,
                                           [&] { return R::is_capturing(place.stream, capturing); });
  if (status != NSAMETA_OK) return status;
  if (!capturing) return load_kernels<R>(place.device, why);
  std::snprintf(why->text, sizeof why->text,
                "the stream is capturing and device %d is not warmed up; call nsameta_warmup before the capture",
                place.device);
  return NSAMETA_NOT_WARMED_UP;
}

/// Blocks that share their sums, and with that the blocks of each part: clusters of one part alone.
inline int form_clusters(fill_arguments<1>& arguments) {
  constexpr std::int64_t many_requests = 16384;
  grid_parts& parts = arguments.plans[0].parts;
  const bool scans = parts.rows + parts.requests + parts.tables > 0 && arguments.lengths.requests > many_requests;
  const int cluster = std::max(scans ? largest_cluster : 1, arguments.step.vectors.cluster);
  for (std::int32_t* blocks : {&arguments.step.tables.blocks, &parts.rows, &parts.requests, &parts.tables})
    *blocks = static_cast<std::int32_t>(rounded_up(*blocks, cluster)) * cluster;
  return cluster;
}
inline int form_clusters(fill_arguments<NSAMETA_SETS_PER_LAUNCH>&) { return 1; }

/// One launch of at most `max_sets` sets.
template <device_runtime R, int max_sets>
typename R::error launch_sets(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                              const launch_policy& policy, const launch_place& place) {
  fill_arguments<max_sets> arguments;
  arguments.lengths = lengths_of(problem);
  arguments.step = {};
  std::int64_t blocks = 0;
  int cluster = 1;
  auto what = reach::narrow;
  for (std::int64_t set = 0; set < sets; ++set) {
    set_plan& plan = arguments.plans[set];
    plan = plan_of(problem, outputs[set], policy);
    if (!is_narrow(problem, outputs[set], plan)) what = reach::general;
  }
  if (what == reach::narrow && sets == 1) {
    arguments.step = step_plan_of(problem, arguments.lengths, outputs[0], arguments.plans[0], policy);
    grid_parts& others = arguments.plans[0].parts;
    if (arguments.step.vectors.blocks > 0) others.rows = others.requests = 0;
    if (arguments.step.tables.blocks > 0) others.tables = 0;
    if (others.total() == 0) what = reach_of(arguments.step);
    cluster = form_clusters(arguments);
    blocks = arguments.step.vectors.blocks + arguments.step.tables.blocks;
  }
  for (std::int64_t set = 0; set < sets; ++set) blocks += arguments.plans[set].parts.total();
  if (blocks == 0) return R::success;  // nothing is wanted
  if (!takes_step_plan(what)) {
    arguments.problem = problem;
    std::copy_n(outputs, sets, arguments.outputs);
  }
  const launch_shape shape{static_cast<int>(rounded_up(blocks, cluster)) * cluster, cluster, place.overlaps};
  return R::launch(kernel_for(policy.variant, what, sets), shape, &arguments, place.stream);
}

template <device_runtime R>
nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t count,
                    const launch_policy& policy, launch_place place, failure_text* why) {
  if (!warm<R>[static_cast<std::size_t>(place.device)].load(std::memory_order_acquire))
    if (const nsameta_status status = load_outside_capture<R>(place, why); status != NSAMETA_OK) return status;
  return call_on<R>(place.device, "launching the kernel", why, [&] {
    for (std::int64_t first = 0; first < count; first += NSAMETA_SETS_PER_LAUNCH) {
      const std::int64_t sets = std::min<std::int64_t>(count - first, NSAMETA_SETS_PER_LAUNCH);
      constexpr auto launch_one = launch_sets<R, 1>, launch_many = launch_sets<R, NSAMETA_SETS_PER_LAUNCH>;
      const auto error = (sets == 1 ? launch_one : launch_many)(problem, outputs + first, sets, policy, place);
      if (error != R::success) return error;
    }
    return R::success;
  });
}

}  // namespace nsameta::gpu
