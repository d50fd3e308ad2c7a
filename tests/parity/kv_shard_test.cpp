/// The KV cache split over ranks: what the ranks hold adds up to the whole.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "answer.h"
#include "workloads.h"

TEST_SUITE_BEGIN("shards");

namespace nsameta::test {
namespace {

constexpr std::int32_t interleaves[] = {1, 2, 16, 64};

void add(longs& sum, const longs& part) {
  REQUIRE(sum.size() == part.size());
  std::ranges::transform(sum, part, sum.begin(), std::plus());
}

longs clamped_to(longs lengths, std::int64_t topk) {
  for (std::int64_t& length : lengths) length = std::min(length, topk);
  return lengths;
}

/// What one rank holds, apart from how much of it.
void check_rank(const answer& whole, const answer& part, std::int64_t topk) {
  CHECK(part.clamped == clamped_to(part.expanded, topk));
  CHECK(part.cu_clamped == prefix_sums(part.clamped));
  CHECK(part.cu_seqlens_k == prefix_sums(part.cache_seqlens));
  CHECK(part.cu_seqlens_q == whole.cu_seqlens_q);
  CHECK(part.cu_rows == whole.cu_rows);
  CHECK(part.token_to_batch == whole.token_to_batch);
  CHECK(part.total_rows == whole.total_rows);
  CHECK((part.page_table_1 == whole.page_table_1));
  CHECK((part.real_page_table == whole.real_page_table));
}

/// Position by position of the whole table: each is the next column of its rank's row, and no rank has more.
void check_local_tables(const answer& whole, const std::vector<answer>& ranks, std::int32_t interleave) {
  for (const answer& part : ranks) {
    REQUIRE(part.local_page_table_1.size() == whole.page_table_1.size());
    CHECK(part.local_cache_seqlens == part.cache_seqlens);
  }
  for (std::size_t row = 0; row < whole.page_table_1.size(); ++row) {
    std::vector<std::vector<std::int32_t>> expected(ranks.size());
    std::size_t position = 0;
    for (const std::int32_t slot : whole.page_table_1[row]) {
      const std::size_t rank = position++ / static_cast<std::size_t>(interleave) % ranks.size();
      expected[rank].push_back(static_cast<std::int32_t>(std::floor(slot / static_cast<double>(ranks.size()))));
    }
    for (std::size_t rank = 0; rank < ranks.size(); ++rank)
      CHECK(ranks[rank].local_page_table_1[row] == expected[rank]);
  }
}

void check_split(harness::problem_data problem) {
  const answer whole = answer_of(problem);
  for (const std::int32_t interleave : interleaves)
    for (std::int32_t size = 1; size <= 8; ++size) {
      CAPTURE(interleave);
      CAPTURE(size);
      longs rows_sum(whole.expanded.size(), 0), requests_sum(whole.cache_seqlens.size(), 0);
      std::vector<answer> ranks;
      for (std::int32_t rank = 0; rank < size; ++rank) {
        problem.kv_shard = {size, rank, interleave};
        const answer& part = ranks.emplace_back(answer_of(problem));
        check_rank(whole, part, problem.index_topk);
        add(rows_sum, part.expanded);
        add(requests_sum, part.cache_seqlens);
      }
      CHECK(rows_sum == whole.expanded);
      CHECK(requests_sum == whole.cache_seqlens);
      if (size > 1) check_local_tables(whole, ranks, interleave);
    }
}

/// Of the positions 0 to length - 1, those on the rank, counted one by one.
std::int64_t counted(const nsameta_kv_shard& shard, std::int64_t length) {
  std::int64_t own = 0;
  for (std::int64_t position = 0; position < length; ++position)
    own += position / shard.interleave % shard.size == shard.rank;
  return own;
}

}  // namespace

TEST_CASE("the ranks' local lengths add up to the whole's, for every row and request") {
  for_each_workload(check_split);
}

TEST_CASE("a rank holds the positions that are dealt to it") {
  harness::problem_data problem;
  problem.index_topk = 50;
  for (const std::int32_t interleave : interleaves)
    for (std::int32_t size = 1; size <= 8; ++size) {
      // Every length of the first two turns.
      const std::int64_t lengths = 2 * std::int64_t{interleave} * size + 2;
      longs seq_lens;
      for (std::int64_t length = 0; length < lengths; ++length) seq_lens.push_back(length);
      problem.seq_lens = harness::strided_values(seq_lens);
      for (std::int32_t rank = 0; rank < size; ++rank) {
        problem.kv_shard = {size, rank, interleave};
        longs expected;
        for (const std::int64_t length : seq_lens) expected.push_back(counted(problem.kv_shard, length));
        const answer part = answer_of(problem);
        CHECK(part.expanded == expected);
        CHECK(part.cache_seqlens == expected);
        CHECK(part.clamped == clamped_to(expected, problem.index_topk));
      }
    }
}

TEST_CASE("rows are expanded first and localised then") {
  harness::problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = harness::strided_values(longs{10});
  problem.extend_seq_lens = harness::strided_values(longs{3});
  problem.kv_shard = {2, 0, 1};
  CHECK(answer_of(problem).expanded == longs{4, 5, 5});
  problem.kv_shard.rank = 1;
  CHECK(answer_of(problem).expanded == longs{4, 4, 5});
}

}  // namespace nsameta::test

TEST_SUITE_END();
