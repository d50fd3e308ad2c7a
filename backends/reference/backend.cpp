#include "reference/backend.h"

#include <cstdio>
#include <exception>

#include "common/host.h"
#include "reference/fill.h"

namespace nsameta {
namespace {

constexpr const char* variant_names[] = {"scalar", nullptr};

nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count,
                    const launch_policy&, launch_place, failure_text* why) try {
  for (std::int64_t set = 0; set < count; ++set) reference::fill(problem, sets[set]);
  return NSAMETA_OK;
} catch (const std::exception&) {  // bad_alloc, or length_error for more than a vector can count
  std::snprintf(why->text, sizeof why->text, "reference: no memory for the requests of batch_size %lld",
                static_cast<long long>(problem.batch_size));
  return NSAMETA_OUT_OF_MEMORY;
}

}  // namespace

const backend_interface& reference_backend() {
  // The version of the compiler: it stands on nothing else.
  static constexpr backend_interface table = host_backend("reference", __VERSION__, variant_names, fill);
  return table;
}

}  // namespace nsameta
