#include <tbb/version.h>

#include "backends.h"
#include "common/host.h"
#include "cpu/fill.h"
#include "cpu/scheduler.h"

namespace nsameta {
namespace {

constexpr const char* variant_names[] = {"auto", "serial", "tbb", nullptr};

void fill_set(const nsameta_problem& problem, const nsameta_outputs& outputs, cpu::variant variant) {
  try {
    cpu::fill(problem, outputs, variant);
  } catch (...) {
    // The scheduler could not get threads, or memory for a task. Serial needs neither, and overwrites whatever was
    // begun. Not so when oneTBB (2021.8) finds no memory while it first initialises itself in a process: then it waits
    // for ever, and only a warm-up fill of that size, made in time, can prevent it.
    cpu::fill(problem, outputs, cpu::variant_serial);
  }
}

nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count,
                    const launch_policy& policy, launch_place, failure_text*) {
  for (std::int64_t set = 0; set < count; ++set)
    fill_set(problem, sets[set], static_cast<cpu::variant>(policy.variant));
  return NSAMETA_OK;
}

}  // namespace

const backend_interface& cpu_backend() {
  cpu::usable_threads();  // no fill reads the environment
  static constexpr backend_interface table = host_backend("cpu", "oneTBB " TBB_VERSION_STRING, variant_names, fill);
  return table;
}

}  // namespace nsameta
