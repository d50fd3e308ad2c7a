#include "running.h"

using namespace nsameta::test;

TEST_CASE("decode: one row a request, which shows its whole length") {
  const answer got = run({.seq_lens = {5, 1, 9}, .index_topk = 6});
  CHECK(got["cache_seqlens"] == ints{5, 1, 9});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 6, 15});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 2, 3});
  CHECK(got["seqlens_expanded"] == ints{5, 1, 9});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 1, 6});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 5, 6, 12});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3});
  CHECK(got["indexer_ks"] == ints{0, 5, 6});
  CHECK(got["indexer_ke"] == ints{5, 6, 15});
  CHECK(got["token_to_batch"] == ints{0, 1, 2});
  CHECK(got["total_rows"] == ints{3});
  CHECK(got.status() == 0);
}

TEST_CASE("target_verify: n rows a request, for tokens that are not in seq_lens yet") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {4, 0}, .uniform_extend_len = 3, .index_topk = 6});
  CHECK(got["cache_seqlens"] == ints{7, 3});
  CHECK(got["cu_seqlens_k"] == ints{0, 7, 10});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 6});
  CHECK(got["seqlens_expanded"] == ints{5, 6, 7, 1, 2, 3});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 6, 6, 1, 2, 3});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 5, 11, 17, 18, 20, 23});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3, 4, 5, 6});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 7, 7, 7});
  CHECK(got["indexer_ke"] == ints{5, 6, 7, 8, 9, 10});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1, 1, 1});
  CHECK(got["total_rows"] == ints{6});
  CHECK(got.status() == 0);
}

TEST_CASE("draft_extend: q rows a request, already in seq_lens; rows before the first token show nothing") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {20, 1, 9}, .extend_seq_lens = {3, 6, 0}});
  CHECK(got["cache_seqlens"] == ints{20, 1, 9});
  CHECK(got["cu_seqlens_k"] == ints{0, 20, 21, 30});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 9, 9});
  CHECK(got["seqlens_expanded"] == ints{18, 19, 20, 0, 0, 0, 0, 0, 1});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 18, 37, 57, 57, 57, 57, 57, 57, 58});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 20, 20, 20, 20, 20, 20});
  CHECK(got["indexer_ke"] == ints{18, 19, 20, 20, 20, 20, 20, 20, 21});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1, 1, 1, 1, 1, 1});
  CHECK(got["total_rows"] == ints{9});
  CHECK(got.status() == 0);
}

TEST_CASE("draft_extend: n rows a request when extend_seq_lens is absent") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {8, 3}, .uniform_extend_len = 2});
  CHECK(got["cache_seqlens"] == ints{8, 3});
  CHECK(got["seqlens_expanded"] == ints{7, 8, 2, 3});
  CHECK(got["cu_seqlens_q"] == ints{0, 2, 4});
}

TEST_CASE("extend: q rows a request, and the range of the packed KV that each row sees") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {3, 2}});
  CHECK(got["cache_seqlens"] == ints{10, 4});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 14});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 5});
  CHECK(got["seqlens_expanded"] == ints{8, 9, 10, 3, 4});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 10, 10});
  CHECK(got["indexer_ke"] == ints{8, 9, 10, 13, 14});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1, 1});
  CHECK(got["total_rows"] == ints{5});
  CHECK(got.status() == 0);
}

TEST_CASE("extend: a request without tokens still moves the ranges of those after it") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {6, 7, 2}, .extend_seq_lens = {1, 0, 2}});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 1, 3});
  CHECK(got["indexer_ks"] == ints{0, 13, 13});
  CHECK(got["indexer_ke"] == ints{6, 14, 15});
  CHECK(got["token_to_batch"] == ints{0, 2, 2});
}

TEST_CASE("extend: n rows a request when extend_seq_lens is absent") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {5, 2}, .uniform_extend_len = 2});
  CHECK(got["seqlens_expanded"] == ints{4, 5, 1, 2});
}

TEST_CASE("a padding request, seq_lens 1, is an ordinary one") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {9, 1, 1}, .uniform_extend_len = 3});
  CHECK(got["seqlens_expanded"] == ints{7, 8, 9, 0, 0, 1, 0, 0, 1});
  CHECK(got.status() == 0);
}

TEST_CASE("an output that is not asked for changes no other") {
  const answer got =
      run({.mode = NSAMETA_EXTEND,
           .seq_lens = {10, 4},
           .extend_seq_lens = {3, 2},
           .skipped = {"seqlens_expanded", "cache_seqlens", "nsa_cu_seqlens_q", "indexer_ks", "status"}});
  CHECK(got["nsa_cache_seqlens"] == ints{8, 9, 10, 3, 4});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 14});
  CHECK(got["indexer_ke"] == ints{8, 9, 10, 13, 14});
  CHECK(got["total_rows"] == ints{5});
}
