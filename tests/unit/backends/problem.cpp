#include "problem.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "gpu/plan_step.h"

namespace nsameta::simt {

const gpu::fill_arguments<1>& small_problem::arguments() {
  gpu::fill_arguments<1>& all = stated;
  nsameta_problem_init(&all.problem);
  all.problem.mode = NSAMETA_DECODE;
  all.problem.batch_size = static_cast<std::int64_t>(seq_lens.size());
  all.problem.seq_lens = {seq_lens.data(), 1, NSAMETA_INT32};
  nsameta_outputs_init(&all.outputs[0]);
  all.outputs[0].nsa_cache_seqlens = {nsa_cache_seqlens.data(), 3, NSAMETA_INT32};
  all.outputs[0].cu_seqlens_k = {cu_seqlens_k.data(), 4, NSAMETA_INT32};
  all.lengths = lengths_of(all.problem);
  constexpr launch_policy policy{.variant = 0, .block_threads = 256, .max_blocks = 4, .row_bound = 3};
  all.plans[0] = gpu::plan_of(all.problem, all.outputs[0], policy);
  all.step = gpu::step_plan_of(all.problem, all.lengths, all.outputs[0], all.plans[0], policy);
  return all;
}

void small_problem::check() const {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < seq_lens.size(); ++i) {
    CHECK(nsa_cache_seqlens[i] == std::min(seq_lens[i], 2048));
    CHECK(cu_seqlens_k[i] == sum);
    sum += seq_lens[i];
  }
  CHECK(cu_seqlens_k.back() == sum);
}

}  // namespace nsameta::simt
