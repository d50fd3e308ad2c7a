/// Top-k over whole pools of positions, the unfinished pool always in full.
#include <doctest/doctest.h>

#include <algorithm>

#include "answer.h"
#include "workloads.h"

TEST_SUITE_BEGIN("shards");

namespace nsameta::test {
namespace {

constexpr std::int32_t pools[] = {1, 2, 3, 4, 16, 64, 1000};
constexpr std::int32_t topks[] = {1, 7, 8, 64, 2048};

std::int64_t clamped(std::int64_t length, std::int64_t pool, std::int64_t topk) {
  const std::int64_t whole = length / pool * pool;
  return std::min(whole, topk) + (length - whole);
}

void check_pools(harness::problem_data problem) {
  for (const std::int32_t pool : pools)
    for (const std::int32_t topk : topks) {
      problem.index_kpool = pool;
      problem.index_topk = topk;
      const answer pooled = answer_of(problem);
      longs expected = pooled.expanded;
      for (std::int64_t& length : expected) length = clamped(length, pool, topk);
      CAPTURE(pool);
      CAPTURE(topk);
      CHECK(pooled.clamped == expected);
      CHECK(pooled.cu_clamped == prefix_sums(expected));
    }
}

}  // namespace

TEST_CASE("pools change the clamped lengths and their sums") { for_each_workload(check_pools); }

TEST_CASE("pools change nothing else") {
  for_each_workload([](harness::problem_data problem) {
    const answer plain = answer_of(problem);
    problem.index_kpool = 16;
    answer pooled = answer_of(problem);
    pooled.clamped = plain.clamped;
    pooled.cu_clamped = plain.cu_clamped;
    CHECK((pooled == plain));
  });
}

TEST_CASE("the worked case of K = 8 and pools of 4") {
  harness::problem_data problem;
  problem.seq_lens = harness::strided_values(longs{0, 3, 4, 7, 8, 9, 12, 15});
  problem.index_topk = 8;
  problem.index_kpool = 4;
  CHECK(answer_of(problem).clamped == longs{0, 3, 4, 7, 8, 9, 8, 11});
}

}  // namespace nsameta::test

TEST_SUITE_END();
