#include <algorithm>

#include "running.h"

using namespace nsameta::test;

namespace {

constexpr nsameta_q_shard_kind kinds[] = {NSAMETA_Q_SHARD_ROUND_ROBIN, NSAMETA_Q_SHARD_CONTIGUOUS,
                                          NSAMETA_Q_SHARD_ZIGZAG};

const int_rows source = {{10, 11, 12, 13, 14, 15, 16, 17}, {20, 21, 22, 23, 24, 25, 26, 27}};

}  // namespace

TEST_CASE("q_shard: tokens are dealt round robin over the flat batch") {
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {10, 4},
         .extend_seq_lens = {3, 2},
         .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN}};
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
                          .q_shard = {2, 1, NSAMETA_Q_SHARD_ROUND_ROBIN},
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
                          .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN},
                          .table_rows = 4});
  CHECK(got.tables.at("page_table_1") == int_rows{{10, 11}, {10, 11}, {20}, {}});
}

TEST_CASE("q_shard: off while the batch has fewer tokens than ranks") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10, 4, 6},
                          .extend_seq_lens = {2, 0, 1},
                          .q_shard = {4, 3, NSAMETA_Q_SHARD_ROUND_ROBIN}});
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
      s.q_shard = {size, rank, NSAMETA_Q_SHARD_ROUND_ROBIN};
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

// Nine tokens over four ranks are 3 2 2 2. Tokens 0 to 4 are of request 0, 5 of request 2, 6 to 8 of request 3.
TEST_CASE("q_shard, contiguous: one piece of the flat tokens, the earlier ranks' the longer") {
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {10, 7, 4, 20},
         .extend_seq_lens = {5, 0, 1, 3},
         .q_shard = {4, 0, NSAMETA_Q_SHARD_CONTIGUOUS}};
  CHECK(run(s)["seqlens_expanded"] == ints{6, 7, 8});
  s.q_shard.rank = 1;
  CHECK(run(s)["seqlens_expanded"] == ints{9, 10});
  s.q_shard.rank = 3;
  CHECK(run(s)["seqlens_expanded"] == ints{19, 20});
  s.q_shard.rank = 2;
  const answer across = run(s);
  CHECK(across["seqlens_expanded"] == ints{4, 18});
  CHECK(across["cache_seqlens"] == ints{4, 20});
  CHECK(across["cu_seqlens_k"] == ints{0, 4, 24});
  CHECK(across["cu_seqlens_q"] == ints{0, 1, 2});
  CHECK(across["token_to_batch"] == ints{0, 1});
  CHECK(across["indexer_ks"] == ints{0, 4});
  CHECK(across["indexer_ke"] == ints{4, 22});
  CHECK(across["nsa_cu_seqlens_k"] == ints{0, 4, 22});
}

// Sixteen tokens in eight blocks of two: rank 1 has block 1, tokens 2 and 3, and block 6, tokens 12 and 13.
TEST_CASE("q_shard, zigzag: a block of the request and its mirror") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {17}, .extend_seq_lens = {16}, .q_shard = {4, 1, NSAMETA_Q_SHARD_ZIGZAG}};
  CHECK(run(s)["seqlens_expanded"] == ints{4, 5, 14, 15});
  CHECK(run(s)["cu_seqlens_q"] == ints{0, 4});
  s.q_shard.rank = 0;
  CHECK(run(s)["seqlens_expanded"] == ints{2, 3, 16, 17});
  s.q_shard.rank = 2;
  CHECK(run(s)["seqlens_expanded"] == ints{6, 7, 12, 13});
  s.q_shard.rank = 3;
  CHECK(run(s)["seqlens_expanded"] == ints{8, 9, 10, 11});
}

// Blocks of 3 2 2 2 and 5 4 4 4 tokens, which see 22 to 30 and 1 to 17.
TEST_CASE("q_shard, zigzag: all first blocks come before all mirrors") {
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {30, 17},
         .extend_seq_lens = {9, 17},
         .q_shard = {2, 0, NSAMETA_Q_SHARD_ZIGZAG}};
  const answer outer = run(s);
  CHECK(outer["seqlens_expanded"] == ints{22, 23, 24, 1, 2, 3, 4, 5, 29, 30, 14, 15, 16, 17});
  CHECK(outer["token_to_batch"] == ints{0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1});
  CHECK(outer["indexer_ks"] == ints{0, 0, 0, 30, 30, 30, 30, 30, 0, 0, 30, 30, 30, 30});
  CHECK(outer["indexer_ke"] == ints{22, 23, 24, 31, 32, 33, 34, 35, 29, 30, 44, 45, 46, 47});
  CHECK(outer["nsa_cu_seqlens_k"] == ints{0, 22, 45, 69, 70, 72, 75, 79, 84, 113, 143, 157, 172, 188, 205});
  CHECK(outer["cache_seqlens"] == ints{30, 17});
  CHECK(outer["cu_seqlens_q"] == ints{0, 5, 14});
  CHECK(outer["total_rows"] == ints{14});
  s.q_shard.rank = 1;
  const answer inner = run(s);
  CHECK(inner["seqlens_expanded"] == ints{25, 26, 6, 7, 8, 9, 27, 28, 10, 11, 12, 13});
  CHECK(inner["cu_seqlens_q"] == ints{0, 4, 12});
}

// Of 1, 3 and 2 tokens the blocks are 1 0 0 0, 1 1 1 0 and 1 1 0 0. Rank 1 has blocks 1 and 2.
TEST_CASE("q_shard, zigzag: requests of fewer tokens than blocks") {
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {10, 20, 30},
         .extend_seq_lens = {1, 3, 2},
         .q_shard = {2, 0, NSAMETA_Q_SHARD_ZIGZAG}};
  CHECK(run(s)["seqlens_expanded"] == ints{10, 18, 29});
  s.q_shard.rank = 1;
  const answer got = run(s);
  CHECK(got["seqlens_expanded"] == ints{19, 30, 20});
  CHECK(got["token_to_batch"] == ints{0, 1, 0});
  CHECK(got["cache_seqlens"] == ints{20, 30});
  CHECK(got["cu_seqlens_k"] == ints{0, 20, 50});
  CHECK(got["cu_seqlens_q"] == ints{0, 2, 3});
  CHECK(got["indexer_ks"] == ints{0, 20, 0});
  CHECK(got["indexer_ke"] == ints{19, 50, 20});
}

TEST_CASE("q_shard, zigzag: ranks without a token") {
  step s{.seq_lens = {10, 20, 30}, .q_shard = {3, 0, NSAMETA_Q_SHARD_ZIGZAG}, .vector_tail = NSAMETA_TAIL_ZERO};
  CHECK(run(s)["token_to_batch"] ==
        run({.seq_lens = {10, 20, 30}, .vector_tail = NSAMETA_TAIL_ZERO})["token_to_batch"]);
  s.q_shard.rank = 2;
  const answer none = run(s);
  CHECK(none["total_rows"] == ints{0});
  CHECK(none["cache_seqlens"] == ints(5, 0));
  CHECK(none["cu_seqlens_q"] == ints(6, 0));
  CHECK(none["seqlens_expanded"] == ints(16, 0));
}

// Four rows are four blocks, whatever part of them is tokens: rows see 9 10 11 12 and 20 21 22 23.
TEST_CASE("q_shard, zigzag: the rows of padded drafts are cut, not their tokens") {
  step s{.mode = NSAMETA_DRAFT_EXTEND,
         .seq_lens = {10, 20},
         .extend_seq_lens = {2, 1},
         .uniform_extend_len = 4,
         .q_shard = {2, 0, NSAMETA_Q_SHARD_ZIGZAG}};
  CHECK(run(s)["seqlens_expanded"] == ints{9, 20, 12, 23});
  s.q_shard.rank = 1;
  CHECK(run(s)["seqlens_expanded"] == ints{10, 21, 11, 22});
}

// Eight rows in three pieces of 3 3 2.
TEST_CASE("q_shard, contiguous: the rows of padded drafts are cut, not their tokens") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {10, 20},
                          .extend_seq_lens = {2, 1},
                          .uniform_extend_len = 4,
                          .q_shard = {3, 1, NSAMETA_Q_SHARD_CONTIGUOUS}});
  CHECK(got["seqlens_expanded"] == ints{12, 20, 21});
  CHECK(got["token_to_batch"] == ints{0, 1, 1});
}

TEST_CASE("q_shard: no kind deals fewer tokens than ranks, or to one rank") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {10, 4, 6}, .extend_seq_lens = {2, 0, 3}};
  const answer whole = run(s);
  for (const nsameta_q_shard_kind kind : kinds) {
    CAPTURE(kind);
    s.q_shard = {6, 5, kind};
    CHECK(run(s) == whole);
    s.q_shard = {1, 0, kind};
    CHECK(run(s) == whole);
    s.q_shard = {5, 4, kind};  // as many
    CHECK(run(s)["cache_seqlens"].size() < 3);
  }
}

// Blocks of 2 1 1 1: rank 0 has tokens 0, 1 and 4 of each request, of caches 6 and 8.
TEST_CASE("q_shard, zigzag: table rows are in the order of the rows") {
  step s{.mode = NSAMETA_TARGET_VERIFY,
         .seq_lens = {1, 3},
         .uniform_extend_len = 5,
         .req_to_token = source,
         .page_size = 4,
         .q_shard = {2, 0, NSAMETA_Q_SHARD_ZIGZAG},
         .table_rows = 7};
  const ints a{10, 11, 12, 13, 14, 15}, b{20, 21, 22, 23, 24, 25, 26, 27};
  const answer got = run(s);
  CHECK(got["seqlens_expanded"] == ints{2, 3, 4, 5, 6, 8});
  CHECK(got.tables.at("page_table_1") == int_rows{a, a, b, b, a, b, {}});
  CHECK(got.tables.at("real_page_table") == int_rows{{2, 3}, {2, 3}, {5, 6}, {5, 6}, {2, 3}, {5, 6}, {}});
  CHECK(got.status() == 0);

  s.table_rows = 5;
  const answer cut = run(s);
  CHECK(cut.tables.at("page_table_1") == int_rows{a, a, b, b, a});
  CHECK(cut.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}

TEST_CASE("q_shard, zigzag: extend shows a request once, though it has rows in two places") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {8, 3, 5},
                          .extend_seq_lens = {8, 1, 4},
                          .req_to_token = {source[0], source[1], {30, 31, 32, 33, 34, 35, 36, 37}},
                          .page_size = 4,
                          .q_shard = {2, 1, NSAMETA_Q_SHARD_ZIGZAG},
                          .table_rows = 3});
  CHECK(got["token_to_batch"] == ints{0, 0, 1, 0, 0, 1});
  CHECK(got.tables.at("page_table_1") == int_rows{{10, 11, 12, 13, 14, 15, 16, 17}, {30, 31, 32, 33, 34}, {}});
}

TEST_CASE("q_shard, zigzag: rows beyond the capacity are the last of the mirrors") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {17},
                          .extend_seq_lens = {16},
                          .q_shard = {4, 1, NSAMETA_Q_SHARD_ZIGZAG},
                          .row_capacity = 3});
  CHECK(got["seqlens_expanded"] == ints{4, 5, 14});
  CHECK(got["total_rows"] == ints{4});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}

// The second request's one token is on rank 0. Its slot is looked at there alone; its length is looked at everywhere.
TEST_CASE("q_shard, zigzag: bits of a request that is not kept") {
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {5, 0},
         .extend_seq_lens = {4, 1},
         .req_pool_indices = {0, -5},
         .req_to_token = source,
         .q_shard = {2, 1, NSAMETA_Q_SHARD_ZIGZAG},
         .table_rows = 2};
  CHECK(run(s).status() == NSAMETA_BIT_QUERY_LONGER_THAN_KV);
  s.q_shard.rank = 0;
  CHECK(run(s).status() == (NSAMETA_BIT_QUERY_LONGER_THAN_KV | NSAMETA_BIT_BAD_SLOT));
}

// Padding keeps its rows, in blocks of one: the second request's see nothing.
TEST_CASE("q_shard, zigzag: padding is cut like the other requests") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {10, 20},
                          .uniform_extend_len = 4,
                          .q_shard = {2, 1, NSAMETA_Q_SHARD_ZIGZAG},
                          .live_requests = 1});
  CHECK(got["seqlens_expanded"] == ints{12, 0, 13, 0});
  CHECK(got["cache_seqlens"] == ints{14, 0});
  CHECK(got["indexer_ks"] == ints{0, 14, 0, 14});
}

TEST_CASE("q_shard, every kind: the ranks' rows are the whole batch, each row once") {
  step s{.mode = NSAMETA_EXTEND, .seq_lens = {9, 4, 30, 7}, .extend_seq_lens = {5, 0, 1, 7}};
  ints whole = run(s)["seqlens_expanded"];
  std::ranges::sort(whole);
  for (const nsameta_q_shard_kind kind : kinds)
    for (int size = 2; size <= 13; ++size) {
      ints together;
      for (int rank = 0; rank < size; ++rank) {
        s.q_shard = {size, rank, kind};
        const ints part = run(s)["seqlens_expanded"];
        together.insert(together.end(), part.begin(), part.end());
      }
      CAPTURE(kind);
      CAPTURE(size);
      std::ranges::sort(together);
      CHECK(together == whole);
    }
}

// 6,442,450,941 tokens. Contiguous: rank 1 has 1,610,612,735 of them, from token 1,610,612,736 on, of which the first
// request has 536,870,911. Zigzag: seven blocks of 268,435,456 and one of 268,435,455 that begins at 1,879,048,192.
TEST_CASE("q_shard: more tokens than int32 counts") {
  constexpr std::int64_t most = 2147483647;
  step s{.mode = NSAMETA_EXTEND,
         .seq_lens = {most, most, most},
         .extend_seq_lens = {most, most, most},
         .q_shard = {4, 1, NSAMETA_Q_SHARD_CONTIGUOUS},
         .cu_type = NSAMETA_INT64,
         .row_capacity = 2};
  const answer piece = run(s);
  CHECK(piece["seqlens_expanded"] == ints{1610612737, 1610612738});
  CHECK(piece["cu_seqlens_q"] == ints{0, 536870911, 1610612735});
  CHECK(piece["total_rows"] == ints{1610612735});
  s.q_shard = {4, 0, NSAMETA_Q_SHARD_ZIGZAG};
  const answer outer = run(s);
  CHECK(outer["seqlens_expanded"] == ints{1, 2});
  CHECK(outer["cu_seqlens_q"] == ints{0, 536870911, 1073741822, 1610612733});
  s.q_shard.rank = 3;
  CHECK(run(s)["seqlens_expanded"] == ints{805306369, 805306370});
  CHECK(run(s)["cu_seqlens_q"] == ints{0, 536870912, 1073741824, 1610612736});
}
