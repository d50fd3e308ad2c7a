#include "large_call.h"

namespace nsameta::test {

call::call(nsameta_mode mode) {
  nsameta_problem_init(&problem);
  problem.mode = mode;
  nsameta_outputs_init(&outputs);
  outputs.status = output(status_);
}

std::int32_t call::fill() {
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_fill(&problem, &outputs, &target));
  synchronize();
  return status_[0];
}

std::int64_t reduced_on_simt(std::int64_t size) { return tested().place.backend == "simt" ? size / 5 : size; }

}  // namespace nsameta::test
