#include "fields.h"
#include "running.h"

using namespace nsameta::test;

namespace {
step five_rows() { return {.mode = NSAMETA_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {3, 2}}; }
}  // namespace

TEST_CASE("rows beyond the capacity are not written, and the true total is told") {
  step s = five_rows();
  s.row_capacity = 4;
  const answer got = run(s);
  CHECK(got["seqlens_expanded"] == ints{8, 9, 10, 3});
  CHECK(got["nsa_cache_seqlens"] == ints{8, 9, 10, 3});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 8, 17, 27, 30});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3, 4});
  CHECK(got["indexer_ke"] == ints{8, 9, 10, 13});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 5});
  CHECK(got["total_rows"] == ints{5});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}

TEST_CASE("rows that just fit raise nothing") {
  step s = five_rows();
  s.row_capacity = 5;
  s.spare_requests = 0;
  const answer got = run(s);
  CHECK(got["seqlens_expanded"] == ints{8, 9, 10, 3, 4});
  CHECK(got.status() == 0);
}

TEST_CASE("a capacity of 0 writes no row") {
  step s = five_rows();
  s.row_capacity = 0;
  const answer got = run(s);
  CHECK(got["seqlens_expanded"].empty());
  CHECK(got["nsa_cu_seqlens_k"] == ints{0});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}

TEST_CASE("short row buffers that are not asked for raise nothing") {
  step s = five_rows();
  s.row_capacity = 4;
  for (const nsameta::vector_field& field : nsameta::vector_fields)
    if (field.per_row()) s.skipped.push_back(field.name);
  CHECK(run(s).status() == 0);
}

TEST_CASE("page-table rows beyond the capacity are not written") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {0, 0},
                          .uniform_extend_len = 2,
                          .req_to_token = {{10, 11}, {20, 21}},
                          .page_size = 1,
                          .table_rows = 3});
  CHECK(got.tables.at("page_table_1") == int_rows{{10, 11}, {10, 11}, {20, 21}});
  CHECK(got.tables.at("real_page_table") == int_rows{{10, 11}, {10, 11}, {20, 21}});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}
