#include <cstdio>
#include <exception>

#include "backends.h"
#include "common/host.h"
#include "reference/fill.h"

namespace nsameta {
namespace reference {
namespace {

constexpr const char* variant_names[] = {"scalar", nullptr};

/// The values of rows from element `first` on.
nsameta_strided values_from(const nsameta_strided& values, std::int64_t first) {
  nsameta_strided rest = values;
  if (values.data == nullptr) return rest;
  if (values.dtype == NSAMETA_INT64)
    rest.data = static_cast<const std::int64_t*>(values.data) + first * values.stride;
  else
    rest.data = static_cast<const std::int32_t*>(values.data) + first * values.stride;
  return rest;
}

/// A set may begin among the values of rows where it says. A drafter's step decodes one token of each request, and
/// finds those that the steps before it decoded in the cache.
nsameta_problem problem_of_set(const nsameta_problem& stated, const nsameta_outputs& outputs) {
  nsameta_problem problem = stated;
  if (outputs.draft_step > 0) {
    problem.mode = NSAMETA_DECODE;
    problem.extend_seq_lens.data = nullptr;
    problem.uniform_extend_len = 0;
    problem.pad_rows_to = 0;
    problem.out_cache_loc.data = problem.swa_floor.data = nullptr;
  }
  if (outputs.row_values_from > 0) {
    problem.out_cache_loc = values_from(stated.out_cache_loc, outputs.row_values_from - 1);
    problem.swa_floor = values_from(stated.swa_floor, outputs.row_values_from - 1);
    problem.row_values = stated.row_values - (outputs.row_values_from - 1);
  }
  return problem;
}

/// Throws what std::vector throws when the requests do not fit in memory; nothing is written then.
void fill_set(const nsameta_problem& stated, const nsameta_outputs& outputs) {
  std::int32_t status = 0;
  const nsameta_problem problem = problem_of_set(stated, outputs);
  const batch requests = read_batch(problem, outputs.length_offset + outputs.draft_step, status);
  write_request_vectors(problem, outputs, requests, status);
  write_row_vectors(problem, outputs, requests, status);
  check_slots(problem, outputs, requests, status);
  if (outputs.vector_tail == NSAMETA_TAIL_ZERO) write_vector_tails(problem, outputs, requests, status);
  write_padding_rows(problem, outputs, requests, status);
  write_page_tables(problem, outputs, requests, status);
  write_plans(problem, outputs, requests, status);
  write_scalars(outputs, requests, status);
}

nsameta_status fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count,
                    const launch_policy&, launch_place, failure_text* why) try {
  for (std::int64_t set = 0; set < count; ++set) fill_set(problem, sets[set]);
  return NSAMETA_OK;
} catch (const std::exception&) {  // bad_alloc, or length_error for more than a vector can count
  std::snprintf(why->text, sizeof why->text, "reference: no memory for the requests of batch_size %lld",
                static_cast<long long>(problem.batch_size));
  return NSAMETA_OUT_OF_MEMORY;
}

}  // namespace
}  // namespace reference

const backend_interface& reference_backend() {
  // The version of the compiler: it stands on nothing else.
  static constexpr backend_interface table =
      host_backend("reference", __VERSION__, reference::variant_names, reference::fill);
  return table;
}

}  // namespace nsameta
