/// The host side of a GPU backend, written once over the runtime shim: probing, describing, locating, and the table
/// that the dispatcher holds.
/// Kernels are loaded once per device; a fill is one launch for up to NSAMETA_SETS_PER_LAUNCH sets.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include "gpu/kernels.h"
#include "gpu/plan.h"
#include "gpu/runtime.h"

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

/// Runs every kernel of the list with nothing to do, on a stream of its own, and waits.
template <device_runtime R, class... K>
typename R::error run_idle(type_list<K...>) {
  [[maybe_unused]] const typename R::beside_captures guard;
  void* stream = nullptr;
  typename R::error error = R::create_stream(stream);
  if (error != R::success) return error;
  const auto run = [&](int kernel, const auto& nothing) { return R::launch(kernel, {1, 1}, &nothing, stream); };
  (void)(((error = run(kernel_id<K>, typename K::arguments{})) == R::success) && ...);
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

inline constexpr int no_kernel = -1;

/// Of the kernels that serve some sets of outputs, the one that does the least.
inline int choose_kernel(const wanted_work& work) {
  const bool tables = work.tables && (work.problem.batch_size > 0 || work.table_tails);
  if (!work.plans && !work.vectors && !tables && !work.status) return no_kernel;
  const bool deals = work.problem.q_shard.size > 1, own_rows = work.own_rows && !deals, fits = fits_int32(work);
  const bool is_short = fits && work.is_short_step();
  if (work.plans && !work.other_plans && !work.adjusts && !own_rows) return kernel_id<attention_plans_kernel>;
  if (work.plans && is_short && !work.adjusts) return kernel_id<step_plans_kernel>;
  if (work.plans || (own_rows && (work.adjusts || !is_short))) return kernel_id<every_plan_kernel>;
  if (deals || work.adjusts) return kernel_id<full_kernel<std::int64_t, any_q_shard>>;
  if (!fits) return kernel_id<full_kernel<std::int64_t>>;
  if (!is_short) return kernel_id<full_kernel<std::int32_t>>;
  if (work.sets > 1 || own_rows) return kernel_id<tables_kernel<NSAMETA_SETS_PER_LAUNCH>>;
  if (tables) return kernel_id<tables_kernel<1>>;
  if (!work.lengths_only) return kernel_id<vectors_kernel<false>>;
  return work.is_uniform_lengths() ? kernel_id<uniform_lengths_kernel> : kernel_id<vectors_kernel<true>>;
}

/// What backend_interface::kernel_name is.
inline const char* kernel_name(const nsameta_problem& problem, const nsameta_outputs* outputs, std::int64_t count,
                               const launch_policy& policy) {
  const auto sets = static_cast<int>(std::min<std::int64_t>(count, NSAMETA_SETS_PER_LAUNCH));
  const int kernel = choose_kernel(work_of(problem, outputs, sets, policy.row_bound));
  return kernel == no_kernel ? "" : kernel_names[kernel];
}

template <int max_sets>
table_arguments<max_sets> first_sets(const full_arguments<std::int32_t>& all, int sets) {
  table_arguments<max_sets> some;
  some.batch = all.batch;
  some.source = all.source;
  std::copy_n(all.sets, sets, some.sets);
  return some;
}

/// Blocks of the grid's row, but for those of plans.
template <class N>
int blocks_of(const full_arguments<N>& all) {
  return all.batch.vector_blocks + all.source.blocks + all.tail_blocks + all.status_blocks;
}

template <class N, device_runtime R>
typename R::error launch_in(int kernel, const wanted_work& work, const launch_bounds& bounds,
                            const launch_place& place) {
  full_arguments<N> all;
  const bool is_short = kernel < kernel_id<full_kernel<std::int32_t>>;
  plan(work, bounds, is_short, all);
  const auto launch = [&](const auto& arguments) {
    return R::launch(kernel, {blocks_of(all), work.sets, place.overlaps}, &arguments, place.stream);
  };
  if constexpr (!is_general<N>)
    if (is_short)
      return kernel == kernel_id<tables_kernel<NSAMETA_SETS_PER_LAUNCH>>
                 ? launch(first_sets<NSAMETA_SETS_PER_LAUNCH>(all, work.sets))
             : kernel == kernel_id<tables_kernel<1>>       ? launch(first_sets<1>(all, 1))
             : kernel == kernel_id<uniform_lengths_kernel> ? launch(uniform_lengths_arguments{all.batch, all.sets[0]})
                                                           : launch(vector_arguments{all.batch, all.sets[0]});
  return launch(all);
}

/// One launch for the first of some sets with plans. `sets`: how many are to be filled; on return, are.
template <class Kernel, device_runtime R>
typename R::error launch_plans(wanted_work work, const launch_bounds& bounds, const launch_place& place, int& sets) {
  typename Kernel::arguments all;
  work.sets = sets = list_plans(work, bounds, all.plans);
  int blocks = all.plans.blocks;
  if constexpr (std::is_same_v<Kernel, step_plans_kernel>) {
    full_arguments<std::int32_t> step;
    plan(work, bounds, true, step);
    all.rest = first_sets<NSAMETA_SETS_PER_LAUNCH>(step, sets);
    full_arguments<std::int64_t> wide;
    plan(work, bounds, true, wide);
    all.batch = wide.batch;
    all.shards = wide.shards;
    blocks += blocks_of(step);
  } else {
    plan(work, bounds, false, all.rest);
    blocks += blocks_of(all.rest);
  }
  return R::launch(kernel_id<Kernel>, {blocks, sets, place.overlaps}, &all, place.stream);
}

/// One launch for at most NSAMETA_SETS_PER_LAUNCH sets. `sets`: as of launch_plans.
template <device_runtime R>
typename R::error launch_sets(const nsameta_problem& problem, const nsameta_outputs* outputs, int& sets,
                              const launch_bounds& bounds, const launch_place& place) {
  const wanted_work work = work_of(problem, outputs, sets, bounds.rows);
  const int kernel = choose_kernel(work);
  if (kernel == no_kernel) return R::success;
  if (kernel == kernel_id<attention_plans_kernel>)
    return launch_plans<attention_plans_kernel, R>(work, bounds, place, sets);
  if (kernel == kernel_id<every_plan_kernel>) return launch_plans<every_plan_kernel, R>(work, bounds, place, sets);
  if (kernel == kernel_id<step_plans_kernel>) return launch_plans<step_plans_kernel, R>(work, bounds, place, sets);
  return (kernel >= kernel_id<full_kernel<std::int64_t>> ? launch_in<std::int64_t, R>
                                                         : launch_in<std::int32_t, R>)(kernel, work, bounds, place);
}

/// How many of some sets have the rows of the problem, or their own, as the first one has. Where rows are dealt over
/// ranks, others want a launch of their own: code for both took scratch memory on gfx90a and gfx942.
inline int count_alike(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets) {
  const bool own_rows = has_own_rows(problem, outputs[0]);
  int alike = 1;
  while (alike < sets && has_own_rows(problem, outputs[alike]) == own_rows) ++alike;
  return alike;
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
    for (std::int64_t first = 0; first < count;) {
      auto sets = static_cast<int>(std::min<std::int64_t>(count - first, NSAMETA_SETS_PER_LAUNCH));
      const bool deals = problem.q_shard.size > 1;
      if (deals) sets = count_alike(problem, outputs + first, sets);
      const auto error = deals && has_own_rows(problem, outputs[first])
                             ? launch_sets<R>(draft_problem(problem), outputs + first, sets, bounds, place)
                             : launch_sets<R>(problem, outputs + first, sets, bounds, place);
      if (error != R::success) return error;
      first += sets;
    }
    return R::success;
  });
}

template <device_runtime R>
nsameta_status describe(std::int32_t device, nsameta_device_info* info, failure_text* why) {
  *info = {};
  return ask<R>("describing the device", why, [&] { return R::describe(device, *info); });
}

template <device_runtime R>
nsameta_backend_state probe(std::int32_t* device_count, failure_text* why) {
  int count = 0;
  const auto error = caller_error<R>{}.drained(R::device_count(count));
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
  return ask<R>("asking where a pointer is", why, [&] { return R::locate(pointer, *place); });
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
      .kernel_name = kernel_name,
  };
  return table;
}

}  // namespace nsameta::gpu
