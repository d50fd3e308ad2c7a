/// The host side of a GPU backend, written once over the runtime shim: probing, describing, locating, and the table
/// that the dispatcher holds.
/// Kernels are loaded once per device; a fill is one launch for up to NSAMETA_SETS_PER_LAUNCH sets.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "gpu/general_plan.h"
#include "gpu/kernels.h"
#include "gpu/runtime.h"
#include "gpu/short_plan.h"

namespace nsameta::gpu {

/// What selection chooses from, null-terminated, as backend_interface wants it.
inline constexpr const char* variant_names[] = {"block256", nullptr};

inline constexpr int max_devices = 64;

/// Multiprocessors of each device whose kernels are all resident, else 0. Vendors load kernels lazily, and loading
/// inside a graph capture breaks the capture.
template <device_runtime R>
inline std::array<std::atomic<std::int32_t>, max_devices> warm{};

template <device_runtime R>
nsameta_status load_kernels(std::int32_t device, failure_text* why) {
  return call_on<R>(device, "loading a kernel", why, [device] {
    [[maybe_unused]] const typename R::beside_captures guard;
    nsameta_device_info info{};
    if (const auto error = R::describe(device, info); error != R::success) return error;
    for (int kernel = 0; kernel < kernel_count; ++kernel)
      if (const auto error = R::load(kernel); error != R::success) return error;
    warm<R>[static_cast<std::size_t>(device)].store(std::max(info.multiprocessors, 1), std::memory_order_release);
    return R::success;
  });
}

template <class K, device_runtime R>
typename R::error launch(const launch_shape& shape, const typename K::arguments& arguments, void* stream) {
  return R::launch(kernel_id<K>, shape, &arguments, stream);
}

/// Runs every kernel of the list with nothing to do, on a stream of its own, and waits.
template <device_runtime R, class... K>
typename R::error run_idle(type_list<K...>) {
  [[maybe_unused]] const typename R::beside_captures guard;
  void* stream = nullptr;
  typename R::error error = R::create_stream(stream);
  if (error != R::success) return error;
  (void)(((error = launch<K, R>({1, 1}, typename K::arguments{}, stream)) == R::success) && ...);
  if (error == R::success) error = R::synchronize(stream);
  const typename R::error closed = R::destroy_stream(stream);
  return error != R::success ? error : closed;
}

/// Loads the kernels, and runs them, because a device's first launches take several times as long as later ones.
template <device_runtime R>
nsameta_status warm_up(std::int32_t device, failure_text* why) {
  const nsameta_status loaded = load_kernels<R>(device, why);
  return loaded != NSAMETA_OK ? loaded
                              : call_on<R>(device, "running a kernel", why, [] { return run_idle<R>(kernels{}); });
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

/// By the short-rows kernel that does the least.
template <device_runtime R, int max_sets>
typename R::error launch_short_rows(int sets, const padded_arguments<max_sets>& plan, short_path path,
                                    const launch_place& place) {
  launch_shape shape{plan.batch.vector_blocks + plan.source.blocks, sets, place.overlaps};
  if (path == short_path::padded) shape.blocks += plan.tail_blocks + plan.status_blocks;
  if (shape.blocks == 0) return R::success;  // nothing is wanted
  if (path == short_path::padded) {
    padded_kernel::arguments all;
    static_cast<padded_work&>(all) = plan;
    all.batch = plan.batch;
    all.source = plan.source;
    std::copy_n(plan.sets, sets, all.sets);
    std::copy_n(plan.paddings, sets, all.paddings);
    return launch<padded_kernel, R>(shape, all, place.stream);
  }
  if (max_sets > 1 || plan.source.blocks > 0) return launch<tables_kernel<max_sets>, R>(shape, plan, place.stream);
  const vector_arguments one{plan.batch, plan.sets[0]};
  if (!plan.lengths_only) return launch<vectors_kernel<false>, R>(shape, one, place.stream);
  if (plan.batch.uniform_rows < 0) return launch<vectors_kernel<true>, R>(shape, one, place.stream);
  return launch<uniform_lengths_kernel, R>(shape, one, place.stream);
}

/// Shards, pools, int64 sums, and whatever else the others do not serve.
template <device_runtime R, int max_sets>
typename R::error launch_general(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                                 const launch_bounds& bounds, const launch_place& place) {
  const auto arguments = general_arguments_of<max_sets>(problem, outputs, sets, bounds);
  launch_shape shape{0, sets, place.overlaps};
  for (int set = 0; set < sets; ++set) {
    const general_tasks& tasks = arguments.tasks[set];
    shape.blocks = std::max(shape.blocks, tasks.vectors.blocks + tasks.tables.blocks + tasks.status.blocks);
  }
  return shape.blocks == 0 ? R::success : launch<general_kernel<max_sets>, R>(shape, arguments, place.stream);
}

/// One launch for at most `max_sets` sets.
template <device_runtime R, int max_sets>
typename R::error launch_sets(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                              const launch_bounds& bounds, const launch_place& place) {
  padded_arguments<max_sets> plan;
  const short_path path = plan_short_rows(problem, outputs, sets, bounds, plan);
  if (path != short_path::none) return launch_short_rows<R>(sets, plan, path, place);
  return launch_general<R, max_sets>(problem, outputs, sets, bounds, place);
}

template <device_runtime R>
nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t count,
                    const launch_policy& policy, launch_place place, failure_text* why) {
  const std::atomic<std::int32_t>& multiprocessors = warm<R>[static_cast<std::size_t>(place.device)];
  if (multiprocessors.load(std::memory_order_acquire) == 0)
    if (const nsameta_status status = load_outside_capture<R>(place, why); status != NSAMETA_OK) return status;
  const launch_bounds bounds{policy.row_bound,
                             tuning::blocks_per_multiprocessor * multiprocessors.load(std::memory_order_relaxed)};
  return call_on<R>(place.device, "launching the kernel", why, [&] {
    for (std::int64_t first = 0; first < count; first += NSAMETA_SETS_PER_LAUNCH) {
      const auto sets = static_cast<int>(std::min<std::int64_t>(count - first, NSAMETA_SETS_PER_LAUNCH));
      const auto error =
          (sets == 1 ? launch_sets<R, 1> : launch_sets<R, NSAMETA_SETS_PER_LAUNCH>)(problem, outputs + first, sets,
                                                                                    bounds, place);
      if (error != R::success) return error;
    }
    return R::success;
  });
}

template <device_runtime R>
nsameta_status describe(std::int32_t device, nsameta_device_info* info, failure_text* why) {
  *info = {};
  const auto error = ask<R>([&] { return R::describe(device, *info); });
  if (error == R::success) return NSAMETA_OK;
  std::snprintf(why->text, sizeof why->text, "describing device %d failed: %s", device, R::error_text(error));
  return status_of<R>(error);
}

template <device_runtime R>
nsameta_backend_state probe(std::int32_t* device_count, failure_text* why) {
  int count = 0;
  const auto error = ask<R>([&] { return R::device_count(count); });
  *device_count = 0;
  if (error != R::success) {
    std::snprintf(why->text, sizeof why->text, "counting devices failed: %s", R::error_text(error));
    return R::probe_state(error);
  }
  if (count == 0) {
    std::snprintf(why->text, sizeof why->text, "no device");
    return NSAMETA_BACKEND_NO_DEVICE;
  }
  *device_count = count < max_devices ? count : max_devices;
  return NSAMETA_BACKEND_READY;
}

template <device_runtime R>
nsameta_status locate(const void* pointer, memory_place* place, failure_text* why) {
  const auto error = ask<R>([&] { return R::locate(pointer, *place); });
  if (error == R::success) return NSAMETA_OK;
  std::snprintf(why->text, sizeof why->text, "asking where a pointer is failed: %s", R::error_text(error));
  return status_of<R>(error);
}

template <device_runtime R>
const backend_interface& module() {
  static const backend_interface table{
      .interface_version = backend_interface_version,
      .kind = R::kind,
      .name = R::name,
      .version = R::version(),
      .variants = variant_names,
      .probe = probe<R>,
      .describe = describe<R>,
      .locate = locate<R>,
      .warm_up = warm_up<R>,
      .fill = fill<R>,
      .services = services<R>(),
  };
  return table;
}

}  // namespace nsameta::gpu
