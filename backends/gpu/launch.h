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
                "%s: the stream is capturing and device %d is not warmed up; call nsameta_warmup before the capture",
                R::name, place.device);
  return NSAMETA_NOT_WARMED_UP;
}

/// Blocks that have work, as far as the host can tell: the kernel strides, so too few are slower but never wrong.
inline int blocks_for(const nsameta_problem& problem, const launch_policy& policy) {
  const auto blocks = [](std::int64_t work, std::int64_t per_block) { return (work + per_block - 1) / per_block; };
  const std::int64_t threads = policy.block_threads;
  const std::int64_t wanted =
      std::max(blocks(policy.row_bound, threads * rows_per_thread), blocks(problem.batch_size, threads));
  return static_cast<int>(std::clamp<std::int64_t>(wanted, 1, policy.max_blocks));
}

template <device_runtime R>
nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs& outputs, const launch_policy& policy,
                    launch_place place, failure_text* why) {
  if (!warm<R>[static_cast<std::size_t>(place.device)].load(std::memory_order_acquire))
    if (const nsameta_status status = warm_up_outside_capture<R>(place, why); status != NSAMETA_OK) return status;
  const fill_arguments arguments{problem, outputs};
  return call_on<R>(place.device, "launching the kernel", why, [&] {
    return R::launch(kernel_for(policy.variant, problem), blocks_for(problem, policy), arguments, place.stream);
  });
}

}  // namespace nsameta::gpu
