#include "running.h"

using namespace nsameta::test;

TEST_CASE("top-k keeps at most K positions") {
  const answer got = run({.seq_lens = {0, 1, 7, 8, 9, 1000}, .index_topk = 8});
  CHECK(got["seqlens_expanded"] == ints{0, 1, 7, 8, 9, 1000});
  CHECK(got["nsa_cache_seqlens"] == ints{0, 1, 7, 8, 8, 8});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 0, 1, 8, 16, 24, 32});
}

TEST_CASE("with pools, K counts whole pools and the unfinished pool comes on top") {
  const answer got = run({.seq_lens = {0, 3, 4, 7, 8, 9, 12, 15}, .index_topk = 8, .index_kpool = 4});
  CHECK(got["nsa_cache_seqlens"] == ints{0, 3, 4, 7, 8, 9, 8, 11});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 0, 3, 7, 14, 22, 31, 39, 50});
}

TEST_CASE("with pools, K need not be a multiple of the pool") {
  const answer got = run({.seq_lens = {5, 6, 7, 8, 9}, .index_topk = 5, .index_kpool = 3});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 5, 6, 7, 5});
}

TEST_CASE("a pool longer than every row leaves all positions") {
  const answer got = run({.seq_lens = {5, 600}, .index_topk = 1, .index_kpool = 1000});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 600});
}

TEST_CASE("K = 1 leaves one position of every row that shows any") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {2}, .extend_seq_lens = {4}, .index_topk = 1});
  CHECK(got["seqlens_expanded"] == ints{0, 0, 1, 2});
  CHECK(got["nsa_cache_seqlens"] == ints{0, 0, 1, 1});
}
