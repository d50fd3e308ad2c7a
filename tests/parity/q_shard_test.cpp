/// Query tokens dealt over ranks: the ranks' rows together are the batch, each row once.
#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "answer.h"
#include "deals.h"
#include "modes.h"
#include "workloads.h"

TEST_SUITE_BEGIN("shards");

namespace nsameta::test {
namespace {

/// What one rank has of the batch.
struct rank_part {
  std::vector<std::size_t> tokens;  ///< by their flat index, in row order
  std::vector<std::size_t> kept;    ///< requests with a token here
  longs rows;                       ///< of each of these
};

rank_part part_of(const answer& whole, const nsameta_q_shard& shard) {
  rank_part part;
  part.tokens = tokens_of_rank(whole.cu_seqlens_q, shard);
  longs rows(whole.cache_seqlens.size(), 0);
  for (const std::size_t token : part.tokens) ++rows[static_cast<std::size_t>(whole.token_to_batch[token])];
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (rows[r] == 0) continue;
    part.kept.push_back(r);
    part.rows.push_back(rows[r]);
  }
  return part;
}

/// Each row of the rank against its token in the whole batch.
void check_rows(const answer& whole, const answer& got, const rank_part& part) {
  REQUIRE(got.total_rows == std::ssize(part.tokens));
  REQUIRE(got.expanded.size() == part.tokens.size());
  for (std::size_t row = 0; row < part.tokens.size(); ++row) {
    const std::size_t token = part.tokens[row];
    const auto request = static_cast<std::size_t>(got.token_to_batch[row]);
    REQUIRE(request < part.kept.size());
    CHECK(static_cast<std::int64_t>(part.kept[request]) == whole.token_to_batch[token]);
    CHECK(got.expanded[row] == whole.expanded[token]);
    CHECK(got.clamped[row] == whole.clamped[token]);
    CHECK(got.indexer_ks[row] == got.cu_seqlens_k[request]);
    CHECK(got.indexer_ke[row] == got.indexer_ks[row] + got.expanded[row]);
  }
}

void check_requests(const answer& whole, const answer& got, const rank_part& part) {
  REQUIRE(got.cache_seqlens.size() == part.kept.size());
  for (std::size_t i = 0; i < part.kept.size(); ++i) CHECK(got.cache_seqlens[i] == whole.cache_seqlens[part.kept[i]]);
  CHECK(got.cu_seqlens_k == prefix_sums(got.cache_seqlens));
  CHECK(got.cu_seqlens_q == prefix_sums(part.rows));
  CHECK(got.cu_clamped == prefix_sums(got.clamped));
  CHECK(got.cu_rows == prefix_sums(longs(got.expanded.size(), 1)));
}

/// Some modes show a request once, the others show it in every row.
void check_table(const rows& whole, const rows& got, const rank_part& part, bool once) {
  if (whole.empty()) return;
  const std::vector<std::size_t>& shown = once ? part.kept : part.tokens;
  REQUIRE(got.size() == shown.size());
  for (std::size_t row = 0; row < got.size(); ++row) CHECK(got[row] == whole[shown[row]]);
}

void check_rank(const answer& whole, const answer& got, const rank_part& part, bool once) {
  check_rows(whole, got, part);
  check_requests(whole, got, part);
  check_table(whole.page_table_1, got.page_table_1, part, once);
  check_table(whole.real_page_table, got.real_page_table, part, once);
  check_table(whole.local_page_table_1, got.local_page_table_1, part, once);
}

void check_dealt(harness::problem_data problem) {
  const answer whole = answer_of(problem);
  const bool once = !row_of(problem.mode).table_row_a_row;
  for (const nsameta_q_shard_kind kind : all_deals)
    for (std::int32_t size = 1; size <= 8; ++size) {
      std::vector<int> seen(whole.expanded.size(), 0);
      for (std::int32_t rank = 0; rank < size; ++rank) {
        CAPTURE(kind);
        CAPTURE(size);
        CAPTURE(rank);
        problem.q_shard = {size, rank, kind};
        const answer got = answer_of(problem);
        if (size == 1 || whole.total_rows < size) {
          CHECK((got == whole));
          continue;
        }
        const rank_part part = part_of(whole, problem.q_shard);
        check_rank(whole, got, part, once);
        for (const std::size_t token : part.tokens) ++seen[token];
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

TEST_CASE("requests of every number of tokens, around that of the blocks") {
  harness::problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  longs seq_lens, tokens;
  for (std::int64_t count = 0; count <= 35; ++count) {
    tokens.push_back(count);
    seq_lens.push_back(40 + count);
  }
  problem.seq_lens = harness::strided_values(seq_lens);
  problem.extend_seq_lens = harness::strided_values(tokens);
  check_dealt(problem);
}

TEST_CASE("the rows of padded drafts are dealt, those beyond the tokens too") {
  harness::problem_data problem;
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.seq_lens = harness::strided_values(longs{10, 20, 7, 0});
  problem.extend_seq_lens = harness::strided_values(longs{2, 1, 0, 3});
  for (const std::int64_t rows : {3, 4, 9, 16, 17}) {
    problem.uniform_extend_len = rows;
    check_dealt(problem);
  }
}

TEST_CASE("padding is dealt like the other requests") {
  harness::problem_data problem;
  problem.mode = NSAMETA_TARGET_VERIFY;
  problem.uniform_extend_len = 5;
  problem.seq_lens = harness::strided_values(longs{10, 20, 7, 300, 4});
  for (const std::int32_t live : {0, 2, 4}) {
    problem.live_requests = live;
    check_dealt(problem);
  }
}

TEST_CASE("as many ranks as int32 counts, and half as many") {
  constexpr std::int32_t most = 2'147'483'647, half = 1 << 30;
  harness::problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = harness::strided_values(longs{most});  // token j sees j + 1 positions
  problem.extend_seq_lens = problem.seq_lens;
  const auto rows_on = [&](std::int32_t size, std::int32_t rank, nsameta_q_shard_kind kind) {
    problem.q_shard = {size, rank, kind};
    return answer_of(problem).expanded;
  };
  for (const nsameta_q_shard_kind kind : all_deals) {
    CHECK(rows_on(most, 5, kind) == longs{6});
    CHECK(rows_on(most, most - 1, kind) == longs{most});
  }
  CHECK(rows_on(half, 1, NSAMETA_Q_SHARD_ROUND_ROBIN) == longs{2, std::int64_t{half} + 2});
  // All ranks but the last have two tokens.
  CHECK(rows_on(half, 1, NSAMETA_Q_SHARD_CONTIGUOUS) == longs{3, 4});
  CHECK(rows_on(half, half - 1, NSAMETA_Q_SHARD_CONTIGUOUS) == longs{most});
  // All of the 2^31 blocks but the last, the mirror of the first, have one.
  CHECK(rows_on(half, 1, NSAMETA_Q_SHARD_ZIGZAG) == longs{2, most});
  CHECK(rows_on(half, 0, NSAMETA_Q_SHARD_ZIGZAG) == longs{1});
}

}  // namespace nsameta::test

TEST_SUITE_END();
