#include "running.h"

using namespace nsameta::test;

namespace {
constexpr std::int64_t int32_max = 2147483647;
}

TEST_CASE("a negative seq_lens counts as 0") {
  const answer got = run({.seq_lens = {5, -3, 2}});
  CHECK(got["cache_seqlens"] == ints{5, 0, 2});
  CHECK(got["seqlens_expanded"] == ints{5, 0, 2});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 5, 7});
  CHECK(got.status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

TEST_CASE("a negative seq_lens counts as 0 before the draft tokens are added") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {-9}, .uniform_extend_len = 2});
  CHECK(got["cache_seqlens"] == ints{2});
  CHECK(got["seqlens_expanded"] == ints{1, 2});
  CHECK(got.status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

TEST_CASE("a negative extend_seq_lens counts as 0") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {5, 6}, .extend_seq_lens = {-1, 2}});
  CHECK(got["cu_seqlens_q"] == ints{0, 0, 2});
  CHECK(got["seqlens_expanded"] == ints{5, 6});
  CHECK(got["total_rows"] == ints{2});
  CHECK(got.status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

TEST_CASE("extend with more query tokens than KV: rows clamped at 0, and said so") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {2, 3}, .extend_seq_lens = {4, 3}});
  CHECK(got["seqlens_expanded"] == ints{0, 0, 1, 2, 1, 2, 3});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 0, 2, 2, 2});
  CHECK(got["indexer_ke"] == ints{0, 0, 1, 2, 3, 4, 5});
  CHECK(got.status() == NSAMETA_BIT_QUERY_LONGER_THAN_KV);
}

TEST_CASE("draft_extend with more query tokens than KV is ordinary") {
  CHECK(run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {1}, .extend_seq_lens = {3}}).status() == 0);
}

TEST_CASE("two causes raise two bits") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {-4}, .extend_seq_lens = {1}});
  CHECK(got["seqlens_expanded"] == ints{0});
  CHECK(got.status() == (NSAMETA_BIT_NEGATIVE_LENGTH | NSAMETA_BIT_QUERY_LONGER_THAN_KV));
}

TEST_CASE("a request that this rank drops is examined all the same") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {-1, 8},
                          .extend_seq_lens = {0, 2},
                          .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN}});
  CHECK(got["cache_seqlens"] == ints{8});
  CHECK(got.status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

TEST_CASE("an int64 length beyond int32 counts as 2^31 - 1") {
  const answer got = run({.seq_lens = {int32_max + 1, 3},
                          .length_type = NSAMETA_INT64,
                          .cu_type = NSAMETA_INT64,
                          .skipped = {"indexer_ke"}});  // 2^31 + 2 of the second request is no int32
  CHECK(got["cache_seqlens"] == ints{int32_max, 3});
  CHECK(got["cu_seqlens_k"] == ints{0, int32_max, int32_max + 3});
  CHECK(got["seqlens_expanded"] == ints{int32_max, 3});
  CHECK(got.status() == NSAMETA_BIT_LENGTH_OVERFLOW);
}

TEST_CASE("in target_verify, s + n stays within int32") {
  const answer fits = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {int32_max - 2}, .uniform_extend_len = 2});
  CHECK(fits["seqlens_expanded"] == ints{int32_max - 1, int32_max});
  CHECK(fits.status() == 0);
  const answer clamped = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {int32_max}, .uniform_extend_len = 2});
  CHECK(clamped["cache_seqlens"] == ints{int32_max});
  CHECK(clamped["seqlens_expanded"] == ints{int32_max - 1, int32_max});
  CHECK(clamped.status() == NSAMETA_BIT_LENGTH_OVERFLOW);
}

TEST_CASE("a query length beyond int32 counts as 2^31 - 1, and its rows are counted without being walked") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {4, 5},
                          .extend_seq_lens = {std::int64_t{1} << 40, 1},
                          .length_type = NSAMETA_INT64,
                          .cu_type = NSAMETA_INT64,
                          .row_capacity = 2});
  CHECK(got["cu_seqlens_q"] == ints{0, int32_max, int32_max + 1});
  CHECK(got["seqlens_expanded"] == ints{0, 0});
  CHECK(got["total_rows"] == ints{int32_max});
  CHECK(got.status() == (NSAMETA_BIT_LENGTH_OVERFLOW | NSAMETA_BIT_CAPACITY_EXCEEDED | NSAMETA_BIT_CU_OVERFLOW));
}
