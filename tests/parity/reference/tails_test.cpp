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
  CHECK(got["token_to_batch"] == ints{0, 1, 1});
  CHECK(got["indexer_ks"] == ints{0, 10, 10});
  CHECK(got["indexer_ke"] == ints{10, 13, 14});
}

TEST_CASE("vector_tail zero of an empty batch") {
  const answer got = run({.row_capacity = 2, .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["cache_seqlens"] == ints{0, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 0, 0});
  CHECK(got["seqlens_expanded"] == ints{0, 0});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 0, 0});
  CHECK(got["token_to_batch"].empty());
}

TEST_CASE("vector_tail zero begins behind the requests that this rank keeps") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10, 20, 30},
                          .extend_seq_lens = {1, 1, 1},
                          .q_shard = {2, 0},
                          .spare_requests = 0,
                          .row_capacity = 3,
                          .vector_tail = NSAMETA_TAIL_ZERO});
  CHECK(got["cache_seqlens"] == ints{10, 30, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 40, 40});
  CHECK(got["seqlens_expanded"] == ints{10, 30, 0});
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

TEST_CASE("table_tail zero and value define each live row to its width, and no row beyond them") {
  const answer zero = run(tabled(NSAMETA_TAIL_ZERO, 9));
  CHECK(zero.tables.at("page_table_1") == int_rows{{8, 9, 0, 0, 0, 0, 0}, {0, 1, 2, 3, 4, 0, 0}, {}});
  CHECK(zero.tables.at("real_page_table") == int_rows{{4, 0, 0, 0, 0, 0, 0}, {0, 1, 2, 0, 0, 0, 0}, {}});
  const answer value = run(tabled(NSAMETA_TAIL_VALUE, -1));
  CHECK(value.tables.at("page_table_1") == int_rows{{8, 9, -1, -1, -1, -1, -1}, {0, 1, 2, 3, 4, -1, -1}, {}});
  CHECK(value.tables.at("real_page_table") == int_rows{{4, -1, -1, -1, -1, -1, -1}, {0, 1, 2, -1, -1, -1, -1}, {}});
}

TEST_CASE("table_tail leaves the row of a bad slot alone") {
  step s = tabled(NSAMETA_TAIL_ZERO, 0);
  s.req_pool_indices = {2, 0};
  CHECK(run(s).tables.at("page_table_1") == int_rows{{}, {0, 1, 2, 3, 4, 0, 0}, {}});
}
