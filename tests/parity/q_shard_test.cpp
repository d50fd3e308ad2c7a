/// Query tokens dealt over ranks: the ranks' rows together are the batch, each row once.
#include <doctest/doctest.h>

#include <algorithm>

#include "answer.h"
#include "modes.h"
#include "workloads.h"

TEST_SUITE_BEGIN("shards");

namespace nsameta::test {
namespace {

/// Requests with a token on the rank, and how many.
struct kept_requests {
  std::vector<std::size_t> index;
  longs rows;
};

/// Counted token by token.
kept_requests requests_on(const answer& whole, const nsameta_q_shard& shard) {
  kept_requests kept;
  for (std::size_t r = 0; r + 1 < whole.cu_seqlens_q.size(); ++r) {
    std::int64_t own = 0;
    for (std::int64_t token = whole.cu_seqlens_q[r]; token < whole.cu_seqlens_q[r + 1]; ++token)
      own += token % shard.size == shard.rank;
    if (own == 0) continue;
    kept.index.push_back(r);
    kept.rows.push_back(own);
  }
  return kept;
}

/// Checks each row of the rank against its token in the whole batch, and counts it in `seen`.
void check_rows(const answer& whole, const answer& part, const kept_requests& kept, const nsameta_q_shard& shard,
                std::vector<int>& seen) {
  REQUIRE(part.expanded.size() == static_cast<std::size_t>(part.total_rows));
  for (std::size_t row = 0; row < part.expanded.size(); ++row) {
    const std::size_t token = row * static_cast<std::size_t>(shard.size) + static_cast<std::size_t>(shard.rank);
    REQUIRE(token < seen.size());
    ++seen[token];
    const auto request = static_cast<std::size_t>(part.token_to_batch[row]);
    REQUIRE(request < kept.index.size());
    CHECK(static_cast<std::int64_t>(kept.index[request]) == whole.token_to_batch[token]);
    CHECK(part.expanded[row] == whole.expanded[token]);
    CHECK(part.clamped[row] == whole.clamped[token]);
    if (part.indexer_ks.empty()) continue;
    CHECK(part.indexer_ks[row] == part.cu_seqlens_k[request]);
    CHECK(part.indexer_ke[row] == part.indexer_ks[row] + part.expanded[row]);
  }
}

void check_requests(const answer& whole, const answer& part, const kept_requests& kept) {
  REQUIRE(part.cache_seqlens.size() == kept.index.size());
  for (std::size_t i = 0; i < kept.index.size(); ++i)
    CHECK(part.cache_seqlens[i] == whole.cache_seqlens[kept.index[i]]);
  CHECK(part.cu_seqlens_k == prefix_sums(part.cache_seqlens));
  CHECK(part.cu_seqlens_q == prefix_sums(kept.rows));
  CHECK(part.cu_clamped == prefix_sums(part.clamped));
  CHECK(part.cu_rows == prefix_sums(longs(part.expanded.size(), 1)));
}

/// `extend` shows a request once, the other modes show it in every row.
void check_tables(const rows& whole, const rows& part, const kept_requests& kept, const nsameta_q_shard& shard,
                  bool once) {
  for (std::size_t row = 0; row < part.size(); ++row) {
    const std::size_t token = row * static_cast<std::size_t>(shard.size) + static_cast<std::size_t>(shard.rank);
    CHECK(part[row] == whole[once ? kept.index[row] : token]);
  }
}

void check_dealt(harness::problem_data problem) {
  const answer whole = answer_of(problem);
  const bool once = !row_of(problem.mode).table_row_a_row;
  for (std::int32_t size = 1; size <= 8; ++size) {
    std::vector<int> seen(whole.expanded.size(), 0);
    for (std::int32_t rank = 0; rank < size; ++rank) {
      CAPTURE(size);
      CAPTURE(rank);
      problem.q_shard = {size, rank, NSAMETA_Q_SHARD_ROUND_ROBIN};
      const answer part = answer_of(problem);
      if (size == 1 || whole.total_rows < size) {
        CHECK((part == whole));
        continue;
      }
      const kept_requests kept = requests_on(whole, problem.q_shard);
      check_rows(whole, part, kept, problem.q_shard, seen);
      check_requests(whole, part, kept);
      check_tables(whole.page_table_1, part.page_table_1, kept, problem.q_shard, once);
      check_tables(whole.real_page_table, part.real_page_table, kept, problem.q_shard, once);
    }
    if (size > 1 && whole.total_rows >= size) CHECK(std::ranges::all_of(seen, [](int times) { return times == 1; }));
  }
}

}  // namespace

TEST_CASE("every row of the batch is on exactly one rank, in order, with its unsharded values") {
  for_each_workload(check_dealt);
}

TEST_CASE("a batch with fewer tokens than ranks is not dealt, one with as many is") {
  harness::problem_data problem;
  for (std::int64_t tokens = 0; tokens <= 8; ++tokens) {
    problem.seq_lens = harness::strided_values(longs(static_cast<std::size_t>(tokens), 100));
    check_dealt(problem);
  }
}

}  // namespace nsameta::test

TEST_SUITE_END();
