/// Both shards at once: a token on its one q rank sees, over all KV ranks together, what it sees unsharded.
#include <doctest/doctest.h>

#include <algorithm>

#include "answer.h"
#include "deals.h"
#include "modes.h"
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
    for (const nsameta_q_shard_kind kind : all_deals) {
      longs seen(whole.expanded.size(), 0);
      for (std::int32_t q = 0; q < sizes.q; ++q)
        for (std::int32_t kv = 0; kv < sizes.kv; ++kv) {
          problem.q_shard = {sizes.q, q, kind};
          problem.kv_shard = {sizes.kv, kv, sizes.interleave};
          const answer part = answer_of(problem);
          CAPTURE(sizes.kv);
          CAPTURE(sizes.q);
          CAPTURE(kind);
          CHECK(part.cu_clamped == prefix_sums(part.clamped));
          CHECK(part.cu_seqlens_k == prefix_sums(part.cache_seqlens));
          CHECK(part.local_cache_seqlens == part.cache_seqlens);
          const std::vector<std::size_t> tokens = tokens_of_rank(whole.cu_seqlens_q, problem.q_shard);
          REQUIRE(part.expanded.size() == tokens.size());
          for (std::size_t row = 0; row < tokens.size(); ++row) {
            CHECK(part.clamped[row] == std::min<std::int64_t>(part.expanded[row], problem.index_topk));
            seen[tokens[row]] += part.expanded[row];
          }
        }
      CHECK(seen == whole.expanded);
    }
  }
}

/// A rank of both shows of its positions what the rank of its KV shard alone shows, in the rows of its q shard.
void check_local_tables(harness::problem_data problem) {
  for (const ranks& sizes : both) {
    problem.kv_shard = {sizes.kv, sizes.kv / 2, sizes.interleave};
    problem.q_shard = {1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
    const answer undealt = answer_of(problem);
    if (undealt.local_page_table_1.empty() || undealt.total_rows < sizes.q) continue;
    for (const nsameta_q_shard_kind kind : all_deals) {
      problem.q_shard = {sizes.q, sizes.q - 1, kind};
      const std::vector<std::size_t> tokens = tokens_of_rank(undealt.cu_seqlens_q, problem.q_shard);
      std::vector<std::size_t> shown = tokens;  // rows of `undealt`
      if (!row_of(problem.mode).table_row_a_row) {
        for (std::size_t& row : shown) row = static_cast<std::size_t>(undealt.token_to_batch[row]);
        std::ranges::sort(shown);
        shown.erase(std::ranges::unique(shown).begin(), shown.end());
      }
      const answer dealt = answer_of(problem);
      CAPTURE(sizes.kv);
      CAPTURE(sizes.q);
      CAPTURE(kind);
      REQUIRE(dealt.local_page_table_1.size() == shown.size());
      for (std::size_t row = 0; row < shown.size(); ++row)
        CHECK(dealt.local_page_table_1[row] == undealt.local_page_table_1[shown[row]]);
    }
  }
}

/// Pools on top of both: the closed forms of the sums have to follow the rows wherever they go.
void check_both_pooled(harness::problem_data problem) {
  for (const std::int32_t pool : {4, 48})
    for (const ranks& sizes : both)
      for (const nsameta_q_shard_kind kind : all_deals) {
        problem.index_kpool = pool;
        problem.kv_shard = {sizes.kv, sizes.kv - 1, sizes.interleave * pool};
        problem.q_shard = {sizes.q, sizes.q / 2, kind};
        const answer part = answer_of(problem);
        CAPTURE(pool);
        CAPTURE(sizes.kv);
        CAPTURE(sizes.q);
        CAPTURE(kind);
        CHECK(part.cu_clamped == prefix_sums(part.clamped));
      }
}

}  // namespace

TEST_CASE("both shards: over the KV ranks a row's lengths add up, over the q ranks each row is there once") {
  for_each_workload(check_both);
}

TEST_CASE("both shards: local tables follow the rows of the q rank") { for_each_workload(check_local_tables); }

TEST_CASE("both shards and pools: the sums are those of the rows") { for_each_workload(check_both_pooled); }

}  // namespace nsameta::test

TEST_SUITE_END();
