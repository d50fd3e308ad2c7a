/// Page tables of one KV rank's own positions.
#include <numeric>

#include "running.h"

using namespace nsameta::test;

namespace {

/// Slots of `count` positions that follow one another.
ints from(std::int64_t slot, std::size_t count) {
  ints slots(count);
  std::iota(slots.begin(), slots.end(), slot);
  return slots;
}

const int_rows& local(const answer& got) { return got.tables.at("local_page_table_1"); }

}  // namespace

// Positions 0 2 4 are rank 0's, 1 and 3 rank 1's. Of two ranks a slot is twice a row of the rank's own.
TEST_CASE("local tables: positions that turn from rank to rank") {
  step s{.seq_lens = {5, 4},
         .req_to_token = {from(112, 16), from(64, 16)},
         .page_size = 16,
         .kv_shard = {2, 0, 1},
         .table_rows = 2};
  CHECK(run(s)["local_cache_seqlens"] == ints{3, 2});
  CHECK(local(run(s)) == int_rows{{56, 57, 58}, {32, 33}});
  s.kv_shard.rank = 1;
  CHECK(run(s)["local_cache_seqlens"] == ints{2, 2});
  CHECK(local(run(s)) == int_rows{{56, 57}, {32, 33}});
}

// Rank 1 of three has positions 2 3 | 8 9 | 14 15: slots 32 33 | 38 39 | 44 45.
TEST_CASE("local tables: an interleave of two") {
  step s{.seq_lens = {0, 2, 3, 8, 9, 16},
         .req_pool_indices = ints(6, 0),
         .req_to_token = {from(30, 16)},
         .kv_shard = {3, 1, 2},
         .table_rows = 6,
         .table_width = 16};
  CHECK(run(s)["local_cache_seqlens"] == ints{0, 0, 1, 2, 3, 6});
  CHECK(local(run(s)) == int_rows{{}, {}, {10}, {10, 11}, {10, 11, 12}, {10, 11, 12, 13, 14, 15}});
  s.kv_shard.rank = 2;  // 4 5 | 10 11
  CHECK(local(run(s))[5] == ints{11, 11, 13, 13});
}

TEST_CASE("local tables: without a shard they are page_table_1") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {1, 3},
                          .uniform_extend_len = 2,
                          .req_to_token = {{5, -1, 7, 8, 9}, {20, -7, 22, 23, -2147483648}},
                          .table_rows = 4});
  CHECK(local(got) == int_rows{{5, -1, 7}, {5, -1, 7}, {20, -7, 22, 23, -2147483648}, {20, -7, 22, 23, -2147483648}});
  CHECK(local(got) == got.tables.at("page_table_1"));
  CHECK(got["local_cache_seqlens"] == ints{3, 5});
}

TEST_CASE("local tables: the quotient is rounded down, also below 0") {
  const answer got =
      run({.seq_lens = {5}, .req_to_token = {{-1, 0, -2, 0, -3, 0}}, .kv_shard = {2, 0, 1}, .table_rows = 1});
  CHECK(local(got) == int_rows{{-1, -1, -2}});
}

// The cache is 4 + 3 drafts long: positions 1, 3 and 5, in each of the three rows. In extend once.
TEST_CASE("local tables: rows as those of the other tables") {
  step s{.mode = NSAMETA_TARGET_VERIFY,
         .seq_lens = {4},
         .uniform_extend_len = 3,
         .req_to_token = {from(20, 8)},
         .kv_shard = {2, 1, 1},
         .table_rows = 4};
  CHECK(local(run(s)) == int_rows{{10, 11, 12}, {10, 11, 12}, {10, 11, 12}, {}});
  s.mode = NSAMETA_EXTEND;
  CHECK(local(run(s)) == int_rows{{10, 11}, {}, {}, {}});
}

// Rank 1 of two q ranks has blocks 1 and 2 of each request: of 2 tokens the second, of 4 the two in the middle.
TEST_CASE("local tables: under both shards") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {3, 5, 4},
                          .extend_seq_lens = {1, 2, 4},
                          .req_to_token = {from(10, 8), from(20, 8), from(30, 8)},
                          .kv_shard = {2, 0, 1},
                          .q_shard = {2, 1, NSAMETA_Q_SHARD_ZIGZAG},
                          .table_rows = 3});
  CHECK(got["token_to_batch"] == ints{0, 1, 1});
  CHECK(got["local_cache_seqlens"] == ints{3, 2});
  CHECK(local(got) == int_rows{{10, 11, 12}, {15, 16}, {15, 16}});
}

TEST_CASE("local tables: tails") {
  step s{.seq_lens = {5, 9, 4},
         .req_pool_indices = {0, -1, 1},
         .req_to_token = {from(10, 9), from(20, 9)},
         .kv_shard = {2, 1, 1},
         .spare_requests = 2,
         .table_rows = 4,
         .table_width = 4,
         .vector_tail = NSAMETA_TAIL_ZERO,
         .table_tail = NSAMETA_TAIL_VALUE,
         .table_tail_value = -1,
         .skipped = {"page_table_1"}};
  const answer got = run(s);
  CHECK(local(got) == int_rows{{5, 6, -1, -1}, ints(4, -1), {10, 11, -1, -1}, ints(4, -1)});
  CHECK(got["local_cache_seqlens"] == ints{2, 4, 2, 0, 0});
  CHECK(got.status() == NSAMETA_BIT_BAD_SLOT);
  s.table_tail = NSAMETA_TAIL_ZERO;
  CHECK(local(run(s)) == int_rows{{5, 6, 0, 0}, ints(4, 0), {10, 11, 0, 0}, ints(4, 0)});
  s.live_requests = 1;
  CHECK(local(run(s)) == int_rows{{5, 6, 0, 0}, ints(4, 0), ints(4, 0), ints(4, 0)});
  CHECK(run(s)["local_cache_seqlens"] == ints{2, 0, 0, 0, 0});
}

// Of 9 positions rank 0 has 5 and rank 1 has 4.
TEST_CASE("local tables: a width that is short of the rank's own positions") {
  step s{.seq_lens = {9},
         .req_to_token = {from(10, 9)},
         .kv_shard = {2, 1, 1},
         .table_rows = 1,
         .table_width = 4,
         .skipped = {"page_table_1", "real_page_table"}};
  CHECK(local(run(s)) == int_rows{{5, 6, 7, 8}});
  CHECK(run(s).status() == 0);
  s.kv_shard.rank = 0;
  CHECK(local(run(s)) == int_rows{{5, 6, 7, 8}});
  CHECK(run(s).status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

// The columns are those of the 6 positions that req_to_token has; the length is the cache's.
TEST_CASE("local tables: a cache longer than W") {
  const answer got = run({.seq_lens = {9}, .req_to_token = {from(10, 6)}, .kv_shard = {2, 0, 1}, .table_rows = 1});
  CHECK(local(got) == int_rows{{5, 6, 7}});
  CHECK(got["local_cache_seqlens"] == ints{5});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

TEST_CASE("local tables: rows beyond the capacity") {
  const answer got = run({.seq_lens = {2, 2},
                          .req_to_token = {from(10, 2), from(20, 2)},
                          .kv_shard = {2, 0, 1},
                          .table_rows = 1,
                          .skipped = {"page_table_1", "real_page_table"}});
  CHECK(local(got) == int_rows{{5}});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}
