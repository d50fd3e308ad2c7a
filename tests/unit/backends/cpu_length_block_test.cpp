#include <doctest/doctest.h>

#include <limits>
#include <random>

#include "cpu/request_walk.h"
#include "cpu/vector_kernel.h"
#include "job.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// Against the walk over requests.
void check(const sample_lengths& lengths) {
  for (const storage form : all_storages) {
    const stored_problem stored(lengths, form);
    const nsameta_problem& problem = stored.problem;
    std::int32_t sum = 0;
    nsameta_outputs outputs = outputs_of(lengths);
    outputs.nsa_cu_seqlens_k = {&sum, 1, NSAMETA_INT32};
    outputs.status = {&sum, 1, NSAMETA_INT32};
    const batch_lengths stated = lengths_of(problem);
    if (problem.batch_size > 0) {
      const bool loaded = stated.tokens != nullptr && (stated.drafts || stated.left_aligned());
      REQUIRE(cpu::is_dense(stated, outputs.length_offset) == (form == storage::dense && !loaded));
    }
    const cpu::batch<plain_rule, 0> requests{
        problem, outputs, stated, plain_rule::of(stated.limit, problem.index_topk), {}};
    for (std::int64_t begin = 0; begin <= problem.batch_size; begin += 1 + begin / 4) {
      const cpu::totals want = cpu::add_requests(requests, begin, problem.batch_size, {});
      for (const auto& code : cpu::usable_vector_code()) {
        CAPTURE(code.name);
        CAPTURE(begin);
        const cpu::totals got = code.run({.problem = problem,
                                          .out = outputs,
                                          .lengths = stated,
                                          .request = begin,
                                          .end_request = problem.batch_size,
                                          .end_row = std::numeric_limits<std::int64_t>::max(),
                                          .counts = true,
                                          .counts_clamped = true});
        CHECK(got.tokens == want.tokens);
        CHECK(got.kv_len == want.kv_len);
        CHECK(got.clamped == want.clamped);
        CHECK(got.kept == want.kept);
        CHECK(got.bits == want.bits);
      }
    }
  }
}

}  // namespace

TEST_CASE("lengths of every kind add up as requests do") {
  constexpr std::int32_t most = 2147483647;
  std::mt19937 random(7);
  const std::int32_t odd[] = {0, 1, -1, most, most - 1, most - 5, -most - 1, 4096};
  const auto check_all = [&](nsameta_mode mode, std::int64_t uniform, bool ragged) {
    for (const std::int64_t offset : {0, 5, -5, (1 << 30) - 1, 1 - (1 << 30)})
      for (const bool garbage : {false, true})
        for (int requests = ragged ? 1 : 0; requests < 40; requests += 1 + requests / 5) {
          sample_lengths lengths;
          lengths.mode = mode;
          lengths.offset = offset;
          lengths.uniform = uniform;
          for (int i = 0; i < requests; ++i) {
            lengths.kv.push_back(garbage && random() % 4 == 0 ? odd[random() % 8] : static_cast<int>(random() % 9000));
            if (ragged)
              lengths.tokens.push_back(garbage && random() % 4 == 0 ? odd[random() % 8]
                                                                    : static_cast<int>(random() % 5));
          }
          check(lengths);
        }
  };
  for (const nsameta::mode_row& row : nsameta::modes) {
    check_all(row.mode, row.takes_uniform ? 6 : 0, false);
    if (row.takes_ragged) check_all(row.mode, 0, true);
    if (row.takes_both) check_all(row.mode, 6, true);
  }
}

TEST_CASE("which lengths vector code reads where they lie") {
  const sample_lengths lengths{{10, 20}, {1, 2}};
  const nsameta_problem problem = problem_of(lengths);
  CHECK(cpu::is_dense(lengths_of(problem), 0));
  CHECK_FALSE(cpu::is_dense(lengths_of(problem), 1 << 30));
  const auto refuses = [&](auto change) {
    nsameta_problem changed = problem;
    change(changed);
    CHECK_FALSE(cpu::is_dense(lengths_of(changed), 0));
  };
  refuses([](nsameta_problem& p) { p.seq_lens.stride = 2; });
  refuses([](nsameta_problem& p) { p.seq_lens.dtype = NSAMETA_INT64; });
  refuses([](nsameta_problem& p) { p.extend_seq_lens.stride = 3; });
  refuses([](nsameta_problem& p) { p.extend_seq_lens.dtype = NSAMETA_INT64; });
  refuses([](nsameta_problem& p) { p.mode = NSAMETA_TARGET_VERIFY; });
  refuses([](nsameta_problem& p) { p.uniform_extend_len = 2; });
  refuses([](nsameta_problem& p) { p.live_requests = static_cast<const std::int32_t*>(p.seq_lens.data); });
}
