/// Launching the kernel: loading it once per device, and one launch per fill.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "gpu/call_scope.h"
#include "gpu/kernels.h"
#include "gpu/row_fields.h"

namespace nsameta::gpu {

inline constexpr int max_devices = 64;
inline constexpr int smallest_warp = 32;

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

/// Page-table units that there can be, were every request as long as its table row. The kernel takes live ones only.
inline std::int64_t table_unit_bound(const nsameta_problem& problem, const nsameta_outputs& outputs,
                                     std::int64_t row_bound) {
  if (!wants_tables(outputs)) return 0;
  request longest{};
  longest.kv_len = problem.req_to_token.width;
  longest.rows = 1;
  const std::int64_t tiles = table_extent(problem, outputs, longest).tiles;
  constexpr std::int64_t plenty = std::int64_t{1} << 20;  // more fill any grid
  const std::int64_t rows = problem.mode == NSAMETA_EXTEND ? 0 : row_bound / table_copies;
  return std::min(tiles, plenty) * std::min(std::max(problem.batch_size, rows), plenty);
}

/// Blocks that have work, as far as the host can tell: the kernel strides, so too few are slower but never wrong.
inline int blocks_for(const nsameta_problem& problem, const nsameta_outputs& outputs, const launch_policy& policy) {
  const auto blocks = [](std::int64_t work, std::int64_t per_block) { return (work + per_block - 1) / per_block; };
  const std::int64_t threads = policy.block_threads;
  const std::int64_t wanted =
      std::max({blocks(policy.row_bound, threads * rows_per_thread), blocks(problem.batch_size, threads),
                blocks(table_unit_bound(problem, outputs, policy.row_bound), threads / smallest_warp)});
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 1, policy.max_blocks));
}

/// One launch of at most `max_sets` sets, each on a grid of its own size.
template <device_runtime R, int max_sets>
typename R::error launch_sets(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t sets,
                              const launch_policy& policy, void* stream) {
  fill_arguments<max_sets> arguments;
  arguments.problem = problem;
  arguments.sets = static_cast<std::int32_t>(sets);
  std::copy_n(outputs, sets, arguments.outputs);
  int blocks = 1;
  for (std::int64_t set = 0; set < sets; ++set) blocks = std::max(blocks, blocks_for(problem, outputs[set], policy));
  return R::launch(kernel_for(policy.variant, problem, outputs, sets), blocks * static_cast<int>(sets), &arguments,
                   stream);
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
