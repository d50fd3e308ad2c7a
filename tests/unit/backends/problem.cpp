#include "problem.h"

#include <algorithm>

#include <doctest/doctest.h>

#include "gpu/plan.h"

namespace nsameta::simt {

const gpu::vector_arguments& small_problem::arguments() {
  nsameta_problem_init(&problem);
  problem.mode = NSAMETA_DECODE;
  problem.batch_size = static_cast<std::int64_t>(seq_lens.size());
  problem.seq_lens = {seq_lens.data(), 1, NSAMETA_INT32};
  nsameta_outputs_init(&outputs);
  outputs.nsa_cache_seqlens = {nsa_cache_seqlens.data(), 3, NSAMETA_INT32};
  outputs.cu_seqlens_k = {cu_seqlens_k.data(), 4, NSAMETA_INT32};
  const gpu::wanted_work work = gpu::work_of(problem, &outputs, 1, 3);
  REQUIRE(gpu::fits_int32(work));
  gpu::full_arguments<std::int32_t> all;
  gpu::plan(work, {3, 4}, true, all);
  plan = {all.batch, all.sets[0]};
  return plan;
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
