#include "running.h"

using namespace nsameta::test;

namespace {

step tailed(nsameta_tail tail) {
  return {.mode = NSAMETA_EXTEND,
          .seq_lens = {10, 4},
          .extend_seq_lens = {1, 2},
          .spare_requests = 2,
          .row_capacity = 5,
          .vector_tail = tail};
}

step tabled(nsameta_tail tail, int value) {
  return {.seq_lens = {2, 5},
          .req_pool_indices = {1, 0},
          .req_to_token = {{0, 1, 2, 3, 4, 5}, {8, 9, 10, 11, 12, 13}},
          .page_size = 2,
          .table_rows = 3,
          .table_width = 7,
          .table_tail = tail,
          .table_tail_value = value};
}

}  // namespace

TEST_CASE("vector_tail keep leaves what stood beyond the live elements") {
  const answer got = run(tailed(NSAMETA_TAIL_KEEP));
  CHECK(got["cache_seqlens"] == ints{10, 4});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 14});
  CHECK(got["seqlens_expanded"] == ints{10, 3, 4});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3});
}

TEST_CASE("vector_tail zero writes zeros, and repeats the last total of cu_* arrays") {
  const answer got = run(tailed(NSAMETA_TAIL_ZERO));
  CHECK(got["cache_seqlens"] == ints{10, 4, 0, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 14, 14, 14});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 3, 3, 3});
  CHECK(got["seqlens_expanded"] == ints{10, 3, 4, 0, 0});
  CHECK(got["nsa_cache_seqlens"] == ints{10, 3, 4, 0, 0});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 10, 13, 17, 17, 17});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3, 3, 3});
  CHECK(got["token_to_batch"] == ints{0, 1, 1, 0, 0});
  CHECK(got["indexer_ks"] == ints{0, 10, 10, 0, 0});
  CHECK(got["indexer_ke"] == ints{10, 13, 14, 0, 0});
}

TEST_CASE("vector_tail zero of an empty batch") {
  const answer got = run({.row_capacity = 2, .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["cache_seqlens"] == ints{0, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 0, 0});
  CHECK(got["seqlens_expanded"] == ints{0, 0});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 0, 0});
  CHECK(got["token_to_batch"] == ints{0, 0});
  CHECK(got["indexer_ks"] == ints{0, 0});
  CHECK(got["indexer_ke"] == ints{0, 0});
}

// The three tokens are request 0's. What an earlier batch of four requests left behind them, 1, 2 and 3, is gone.
TEST_CASE("vector_tail zero leaves no request of an earlier batch in token_to_batch") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10},
                          .extend_seq_lens = {3},
                          .row_capacity = 8,
                          .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 0, 0, 0, 0, 0});
  CHECK(got["indexer_ke"] == ints{8, 9, 10, 0, 0, 0, 0, 0});
}

TEST_CASE("vector_tail zero of requests without any token") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {5, 6},
                          .extend_seq_lens = {0, 0},
                          .spare_requests = 1,
                          .row_capacity = 2,
                          .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["cache_seqlens"] == ints{5, 6, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 11, 11});
  CHECK(got["seqlens_expanded"] == ints{0, 0});
  CHECK(got["token_to_batch"] == ints{0, 0});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 0, 0});
}

TEST_CASE("vector_tail zero begins behind the requests that this rank keeps") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10, 20, 30},
                          .extend_seq_lens = {1, 1, 1},
                          .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN},
                          .spare_requests = 0,
                          .row_capacity = 3,
                          .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["cache_seqlens"] == ints{10, 30, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 40, 40});
  CHECK(got["seqlens_expanded"] == ints{10, 30, 0});
  CHECK(got["token_to_batch"] == ints{0, 1, 0});
}

TEST_CASE("vector_tail zero has nothing to do where the rows overflow") {
  step s = tailed(NSAMETA_TAIL_ZERO);
  s.row_capacity = 2;
  const answer got = run(s);
  CHECK(got["seqlens_expanded"] == ints{10, 3});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 10, 13});
}

TEST_CASE("table_tail keep leaves what stood beyond the live prefix") {
  const answer got = run(tabled(NSAMETA_TAIL_KEEP, 0));
  CHECK(got.tables.at("page_table_1") == int_rows{{8, 9}, {0, 1, 2, 3, 4}, {}});
  CHECK(got.tables.at("real_page_table") == int_rows{{4}, {0, 1, 2}, {}});
}

TEST_CASE("table_tail zero and value define each live row to its width, and every row beyond them") {
  const ints zeros(7, 0), values(7, -1);
  const answer zero = run(tabled(NSAMETA_TAIL_ZERO, 9));
  CHECK(zero.tables.at("page_table_1") == int_rows{{8, 9, 0, 0, 0, 0, 0}, {0, 1, 2, 3, 4, 0, 0}, zeros});
  CHECK(zero.tables.at("real_page_table") == int_rows{{4, 0, 0, 0, 0, 0, 0}, {0, 1, 2, 0, 0, 0, 0}, zeros});
  const answer value = run(tabled(NSAMETA_TAIL_VALUE, -1));
  CHECK(value.tables.at("page_table_1") == int_rows{{8, 9, -1, -1, -1, -1, -1}, {0, 1, 2, 3, 4, -1, -1}, values});
  CHECK(value.tables.at("real_page_table") == int_rows{{4, -1, -1, -1, -1, -1, -1}, {0, 1, 2, -1, -1, -1, -1}, values});
}

TEST_CASE("table_tail defines the whole row of a bad slot") {
  step s = tabled(NSAMETA_TAIL_ZERO, 0);
  s.req_pool_indices = {2, 0};
  const answer got = run(s);
  CHECK(got.tables.at("page_table_1") == int_rows{ints(7, 0), {0, 1, 2, 3, 4, 0, 0}, ints(7, 0)});
  CHECK(got.tables.at("real_page_table") == int_rows{ints(7, 0), {0, 1, 2, 0, 0, 0, 0}, ints(7, 0)});
  CHECK(got.status() == NSAMETA_BIT_BAD_SLOT);
}

// Slot -1 has no row, whatever the length of 4 beside it says: all of row 1 is tail, and not an earlier batch's.
TEST_CASE("table_tail value under the length of a request without a slot") {
  const answer got = run({.seq_lens = {4, 4},
                          .req_pool_indices = {0, -1},
                          .req_to_token = {{4, 5, 6, 7, 0, 0}},
                          .page_size = 4,
                          .table_rows = 2,
                          .table_width = 6,
                          .table_tail = NSAMETA_TAIL_VALUE,
                          .table_tail_value = -1});
  CHECK(got.tables.at("page_table_1") == int_rows{{4, 5, 6, 7, -1, -1}, ints(6, -1)});
  CHECK(got.tables.at("real_page_table") == int_rows{{1, -1, -1, -1, -1, -1}, ints(6, -1)});
  CHECK(got["cache_seqlens"] == ints{4, 4});
  CHECK(got.status() == NSAMETA_BIT_BAD_SLOT);
}

// Slot 2 of an identity pool of 256 columns begins at KV slot 512, which is page 8 of 64. 70 tokens are pages 8 and 9,
// in two rows. The requests of slot 0 have no rows: rows 2 to 5 are nobody's.
TEST_CASE("table_tail value behind a batch that is smaller than the one before") {
  int_rows pool(3);
  for (std::int64_t token = 0; token < 3 * 256; ++token) pool[static_cast<std::size_t>(token / 256)].push_back(token);
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {70, 1, 1},
                          .extend_seq_lens = {2, 0, 0},
                          .req_pool_indices = {2, 0, 0},
                          .req_to_token = pool,
                          .table_rows = 6,
                          .table_width = 4,
                          .table_tail = NSAMETA_TAIL_VALUE,
                          .table_tail_value = -1,
                          .skipped = {"page_table_1", "local_page_table_1"}});
  const ints nobody(4, -1), live{8, 9, -1, -1};
  CHECK(got.tables.at("real_page_table") == int_rows{live, live, nobody, nobody, nobody, nobody});
  CHECK(got.status() == 0);
}

TEST_CASE("an empty batch leaves a table of tail values") {
  const answer got = run({.table_rows = 2, .table_width = 3, .table_tail = NSAMETA_TAIL_VALUE, .table_tail_value = -1});
  CHECK(got.tables.at("page_table_1") == int_rows{ints(3, -1), ints(3, -1)});
  CHECK(got.tables.at("real_page_table") == int_rows{ints(3, -1), ints(3, -1)});
}

// In turn, rank 0 of two has tokens 0 and 2, so requests 0 and 2: the third row of the table is nobody's on this rank.
TEST_CASE("table_tail begins behind the requests that this rank keeps") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {1, 1, 2},
                          .extend_seq_lens = {1, 1, 1},
                          .req_to_token = {{5, 6}, {7, 8}, {10, 11}},
                          .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN},
                          .table_rows = 3,
                          .table_width = 2,
                          .table_tail = NSAMETA_TAIL_ZERO});
  CHECK(got.tables.at("page_table_1") == int_rows{{5, 0}, {10, 11}, {0, 0}});
}

TEST_CASE("table_tail has no row to define where the rows overflow") {
  step s = tabled(NSAMETA_TAIL_VALUE, -1);
  s.table_rows = 1;
  const answer got = run(s);
  CHECK(got.tables.at("page_table_1") == int_rows{{8, 9, -1, -1, -1, -1, -1}});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}
