#include "running.h"

using namespace nsameta::test;

namespace {
constexpr std::int64_t int32_max = 2147483647;
constexpr std::int64_t long_len = 1500000000;
}  // namespace

TEST_CASE("an int32 sum saturates at 2^31 - 1") {
  const answer got = run({.seq_lens = {long_len, long_len, long_len}, .skipped = {"nsa_cu_seqlens_k"}});
  CHECK(got["cu_seqlens_k"] == ints{0, long_len, int32_max, int32_max});
  CHECK(got["cache_seqlens"] == ints{long_len, long_len, long_len});
  CHECK(got.status() == NSAMETA_BIT_CU_OVERFLOW);
}

TEST_CASE("the same sum in int64 does not") {
  const answer got = run({.seq_lens = {long_len, long_len, long_len},
                          .index_topk = int32_max,
                          .cu_type = NSAMETA_INT64,
                          .skipped = {"indexer_ks", "indexer_ke"}});
  CHECK(got["cu_seqlens_k"] == ints{0, long_len, 2 * long_len, 3 * long_len});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, long_len, 2 * long_len, 3 * long_len});
  CHECK(got.status() == 0);
}

TEST_CASE("a sum of exactly 2^31 - 1 fits") {
  const answer got = run({.seq_lens = {int32_max - 1, 1}});
  CHECK(got["cu_seqlens_k"] == ints{0, int32_max - 1, int32_max});
  CHECK(got.status() == 0);
}

TEST_CASE("a sum that is not written raises nothing") {
  CHECK(run({.seq_lens = {long_len, long_len}, .skipped = {"cu_seqlens_k", "indexer_ke"}}).status() == 0);
}

TEST_CASE("the sum of selected positions saturates on its own") {
  const answer got =
      run({.mode = NSAMETA_EXTEND, .seq_lens = {int32_max}, .extend_seq_lens = {2}, .index_topk = int32_max});
  CHECK(got["nsa_cache_seqlens"] == ints{int32_max - 1, int32_max});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, int32_max - 1, int32_max});
  CHECK(got.status() == NSAMETA_BIT_CU_OVERFLOW);
}

TEST_CASE("indexer ranges saturate like sums, even where cu_* arrays are int64") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {long_len, long_len, long_len},
                          .extend_seq_lens = {1, 1, 1},
                          .cu_type = NSAMETA_INT64});
  CHECK(got["indexer_ks"] == ints{0, long_len, int32_max});
  CHECK(got["indexer_ke"] == ints{long_len, int32_max, int32_max});
  CHECK(got.status() == NSAMETA_BIT_CU_OVERFLOW);
}

TEST_CASE("rows per request saturate in cu_seqlens_q and total_rows") {
  const answer got = run(
      {.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {1, 1}, .extend_seq_lens = {long_len, long_len}, .row_capacity = 1});
  CHECK(got["cu_seqlens_q"] == ints{0, long_len, int32_max});
  CHECK(got["total_rows"] == ints{int32_max});
  CHECK(got.status() == (NSAMETA_BIT_CU_OVERFLOW | NSAMETA_BIT_CAPACITY_EXCEEDED));
}
