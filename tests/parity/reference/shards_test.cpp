#include "reference/definitions.h"
#include "running.h"

using namespace nsameta::test;

TEST_CASE("local() counts the positions that (p / I) mod S gives to the rank") {
  for (const int size : {1, 2, 3, 8}) {
    for (const int interleave : {1, 2, 16, 64}) {
      for (int rank = 0; rank < size; ++rank) {
        const nsameta_kv_shard shard{size, rank, interleave};
        CAPTURE(size);
        CAPTURE(interleave);
        CAPTURE(rank);
        std::int64_t counted = 0;
        for (int v = 0; v < 3 * size * interleave; ++v) {
          REQUIRE(nsameta::reference::local(shard, v) == counted);
          if (v / interleave % size == rank) ++counted;
        }
      }
    }
  }
}

TEST_CASE("kv_shard: rows are expanded, then localised") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {10}, .extend_seq_lens = {3}, .kv_shard = {2, 0, 1}};
  CHECK(run(s)["seqlens_expanded"] == ints{4, 5, 5});  // not 3 4 5, which expanding the local length would give
  CHECK(run(s)["cache_seqlens"] == ints{5});
  s.kv_shard.rank = 1;
  CHECK(run(s)["seqlens_expanded"] == ints{4, 4, 5});
  CHECK(run(s)["cache_seqlens"] == ints{5});
}

TEST_CASE("kv_shard: rows are localised, then clamped to top-k") {
  const answer got = run({.seq_lens = {12, 7, 3}, .index_topk = 4, .kv_shard = {2, 0, 1}});
  CHECK(got["seqlens_expanded"] == ints{6, 4, 2});
  CHECK(got["nsa_cache_seqlens"] == ints{4, 4, 2});  // clamping first would leave 2 2 2
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 4, 8, 10});
}

TEST_CASE("kv_shard: interleave deals blocks of positions") {
  step s{.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {6}, .uniform_extend_len = 5, .kv_shard = {3, 1, 2}};
  const answer got = run(s);  // the rank holds positions 2 3 8 9
  CHECK(got["seqlens_expanded"] == ints{2, 2, 3, 4, 4});
  CHECK(got["cache_seqlens"] == ints{4});
  CHECK(got["cu_seqlens_k"] == ints{0, 4});
}

TEST_CASE("kv_shard: pools are made of local positions") {
  const answer got = run({.seq_lens = {22}, .index_topk = 4, .index_kpool = 4, .kv_shard = {2, 0, 1}});
  CHECK(got["seqlens_expanded"] == ints{11});
  CHECK(got["nsa_cache_seqlens"] == ints{7});
}

TEST_CASE("q_shard: tokens are dealt round robin over the flat batch") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {3, 2}, .q_shard = {2, 0}};
  const answer even = run(s);  // tokens 0 2 4
  CHECK(even["seqlens_expanded"] == ints{8, 10, 4});
  CHECK(even["cu_seqlens_q"] == ints{0, 2, 3});
  CHECK(even["token_to_batch"] == ints{0, 0, 1});
  CHECK(even["indexer_ks"] == ints{0, 0, 10});
  CHECK(even["indexer_ke"] == ints{8, 10, 14});
  CHECK(even["total_rows"] == ints{3});
  s.q_shard.rank = 1;
  const answer odd = run(s);  // tokens 1 3
  CHECK(odd["seqlens_expanded"] == ints{9, 3});
  CHECK(odd["cu_seqlens_q"] == ints{0, 1, 2});
  CHECK(odd["nsa_cu_seqlens_k"] == ints{0, 9, 12});
  CHECK(odd["nsa_cu_seqlens_q"] == ints{0, 1, 2});
}

TEST_CASE("q_shard: requests without a token here are dropped, and the kept ones close up") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10, 20, 30, 40},
                          .extend_seq_lens = {1, 1, 0, 2},
                          .req_to_token = {{10, 11}, {20, 21}, {30, 31}, {40, 41}},
                          .page_size = 1,
                          .q_shard = {2, 1},
                          .table_rows = 3});  // tokens 1 and 3, of requests 1 and 3
  CHECK(got["cache_seqlens"] == ints{20, 40});
  CHECK(got["cu_seqlens_k"] == ints{0, 20, 60});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 2});
  CHECK(got["seqlens_expanded"] == ints{20, 40});
  CHECK(got["token_to_batch"] == ints{0, 1});
  CHECK(got["indexer_ks"] == ints{0, 20});
  CHECK(got["indexer_ke"] == ints{20, 60});
  CHECK(got.tables.at("page_table_1") == int_rows{{20, 21}, {40, 41}, {}});
}

TEST_CASE("q_shard: page tables of the other modes have a row for each token here") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {2, 1},
                          .extend_seq_lens = {3, 2},
                          .req_to_token = {{10, 11}, {20, 21}},
                          .q_shard = {2, 0},
                          .table_rows = 4});
  CHECK(got.tables.at("page_table_1") == int_rows{{10, 11}, {10, 11}, {20}, {}});
}

TEST_CASE("q_shard: off while the batch has fewer tokens than ranks") {
  const answer got =
      run({.mode = NSAMETA_EXTEND, .seq_lens = {10, 4, 6}, .extend_seq_lens = {2, 0, 1}, .q_shard = {4, 3}});
  CHECK(got["cache_seqlens"] == ints{10, 4, 6});
  CHECK(got["cu_seqlens_q"] == ints{0, 2, 2, 3});
  CHECK(got["seqlens_expanded"] == ints{9, 10, 6});
}

TEST_CASE("q_shard: the ranks' rows are the whole batch, each row once") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {9, 4, 30, 7}, .extend_seq_lens = {5, 0, 1, 7}};
  const ints whole = run(s)["seqlens_expanded"];
  for (int size = 1; size <= 8; ++size) {
    ints joined(whole.size(), -1);
    for (int rank = 0; rank < size; ++rank) {
      s.q_shard = {size, rank};
      std::size_t token = static_cast<std::size_t>(rank);
      for (const std::int64_t value : run(s)["seqlens_expanded"]) {
        REQUIRE(token < joined.size());
        joined[token] = value;
        token += static_cast<std::size_t>(size);
      }
    }
    CHECK(joined == whole);
  }
}
