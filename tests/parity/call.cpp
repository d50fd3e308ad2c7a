#include "call.h"

namespace nsameta::boundaries {

call::call(nsameta_mode mode) {
  nsameta_problem_init(&problem);
  problem.mode = mode;
  nsameta_outputs_init(&outputs);
  outputs.status = output(status_);
}

std::int32_t call::fill() {
  const harness::device_place& place = matrix::tested().place;
  const nsameta_target target = place.target();
  harness::check(nsameta_fill(&problem, &outputs, &target));
  harness::check(nsameta_device_synchronize(place.backend.c_str(), place.index, nullptr));
  return status_[0];
}

std::int64_t reduced_on_simt(std::int64_t size) { return matrix::tested().place.backend == "simt" ? size / 5 : size; }

}  // namespace nsameta::boundaries
