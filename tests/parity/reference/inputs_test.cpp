#include "running.h"

using namespace nsameta::test;

TEST_CASE("lengths of either width, at any stride, mean the same") {
  for (const nsameta_dtype type : {NSAMETA_INT32, NSAMETA_INT64}) {
    for (const std::int64_t stride : {1, 2, 5}) {
      CAPTURE(type);
      CAPTURE(stride);
      const answer got = run({.mode = NSAMETA_EXTEND,
                              .seq_lens = {10, 4},
                              .extend_seq_lens = {3, 2},
                              .req_pool_indices = {1, 0},
                              .req_to_token = {{10, 11}, {20, 21}},
                              .length_type = type,
                              .length_stride = stride,
                              .table_rows = 2});
      CHECK(got["seqlens_expanded"] == ints{8, 9, 10, 3, 4});
      CHECK(got["cu_seqlens_k"] == ints{0, 10, 14});
      CHECK(got.tables.at("page_table_1") == int_rows{{20, 21}, {10, 11}});
    }
  }
}

TEST_CASE("cu_* arrays in int64 hold the same numbers") {
  const answer got =
      run({.mode = NSAMETA_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {3, 2}, .cu_type = NSAMETA_INT64});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 14});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 5});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 8, 17, 27, 30, 34});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3, 4, 5});
}
