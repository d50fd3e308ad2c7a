/// Both shards at once: a token on its one q rank sees, over all KV ranks together, what it sees unsharded.
#include <doctest/doctest.h>

#include <algorithm>

#include "answer.h"
#include "workloads.h"

TEST_SUITE_BEGIN("shards");

namespace nsameta::test {
namespace {

struct ranks {
  std::int32_t kv, interleave, q;
};

constexpr ranks both[] = {{2, 1, 3}, {3, 16, 2}, {4, 64, 4}, {8, 2, 8}, {5, 1, 7}, {2, 64, 5}};

void check_both(harness::problem_data problem) {
  const answer whole = answer_of(problem);
  for (const ranks& sizes : both) {
    if (whole.total_rows < sizes.q) continue;
    longs seen(whole.expanded.size(), 0);
    for (std::int32_t q = 0; q < sizes.q; ++q)
      for (std::int32_t kv = 0; kv < sizes.kv; ++kv) {
        problem.q_shard = {sizes.q, q, NSAMETA_Q_SHARD_ROUND_ROBIN};
        problem.kv_shard = {sizes.kv, kv, sizes.interleave};
        const answer part = answer_of(problem);
        CAPTURE(sizes.kv);
        CAPTURE(sizes.q);
        CHECK(part.cu_clamped == prefix_sums(part.clamped));
        CHECK(part.cu_seqlens_k == prefix_sums(part.cache_seqlens));
        REQUIRE(part.expanded.size() == static_cast<std::size_t>(part.total_rows));
        for (std::size_t row = 0; row < part.expanded.size(); ++row) {
          CHECK(part.clamped[row] == std::min<std::int64_t>(part.expanded[row], problem.index_topk));
          seen.at(row * static_cast<std::size_t>(sizes.q) + static_cast<std::size_t>(q)) += part.expanded[row];
        }
      }
    CHECK(seen == whole.expanded);
  }
}

/// Pools on top of both: the closed forms of the sums have to follow the rows wherever they go.
void check_both_pooled(harness::problem_data problem) {
  for (const std::int32_t pool : {4, 48})
    for (const ranks& sizes : both) {
      problem.index_kpool = pool;
      problem.kv_shard = {sizes.kv, sizes.kv - 1, sizes.interleave};
      problem.q_shard = {sizes.q, sizes.q / 2, NSAMETA_Q_SHARD_ROUND_ROBIN};
      const answer part = answer_of(problem);
      CAPTURE(pool);
      CAPTURE(sizes.kv);
      CAPTURE(sizes.q);
      CHECK(part.cu_clamped == prefix_sums(part.clamped));
    }
}

}  // namespace

TEST_CASE("both shards: over the KV ranks a row's lengths add up, over the q ranks each row is there once") {
  for_each_workload(check_both);
}

TEST_CASE("both shards and pools: the sums are those of the rows") { for_each_workload(check_both_pooled); }

}  // namespace nsameta::test

TEST_SUITE_END();
