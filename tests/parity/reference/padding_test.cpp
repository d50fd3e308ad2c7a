/// Queries of several lengths in a padded batch, a context limit, and requests that are padding.
#include "running.h"

using namespace nsameta::test;

namespace {

constexpr std::int64_t int32_max = 2147483647;
const int_rows source = {{0, 1, 2, 3, 20, 21}, {8, 9, 10, 11, 4, 5}, {16, 17, 18, 19, 12, 13}};

const int_rows& positions(const answer& got) { return got.tables.at("page_table_1"); }
const int_rows& pages(const answer& got) { return got.tables.at("real_page_table"); }

}  // namespace

// Six drafts after 100 tokens see 101 to 106, two after 50 see 51 and 52. The caches are 106 and 52 long.
TEST_CASE("target_verify: q drafts of each request") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {100, 50}, .extend_seq_lens = {6, 2}});
  CHECK(got["cache_seqlens"] == ints{106, 52});
  CHECK(got["cu_seqlens_k"] == ints{0, 106, 158});
  CHECK(got["cu_seqlens_q"] == ints{0, 6, 8});
  CHECK(got["seqlens_expanded"] == ints{101, 102, 103, 104, 105, 106, 51, 52});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 0, 0, 0, 106, 106});
  CHECK(got["indexer_ke"] == ints{101, 102, 103, 104, 105, 106, 157, 158});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 0, 0, 0, 1, 1});
  CHECK(got["total_rows"] == ints{8});
  CHECK(got.status() == 0);
}

// A negative number of drafts is none: caches 7 + 2, 5 + 0, 3 + 1, and 9 + 5 positions before the third.
TEST_CASE("target_verify: requests without drafts") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {7, 5, 3}, .extend_seq_lens = {2, -4, 1}});
  CHECK(got["cache_seqlens"] == ints{9, 5, 4});
  CHECK(got["seqlens_expanded"] == ints{8, 9, 4});
  CHECK(got["indexer_ks"] == ints{0, 0, 14});
  CHECK(got["indexer_ke"] == ints{8, 9, 18});
  CHECK(got["token_to_batch"] == ints{0, 0, 2});
  CHECK(got.status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

// Two drafts after one token: three columns in two rows. One after three: four columns, which are one page of four.
TEST_CASE("target_verify: a row of the page tables for each draft") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {1, 3},
                          .extend_seq_lens = {2, 1},
                          .req_to_token = source,
                          .page_size = 4,
                          .table_rows = 4});
  CHECK(positions(got) == int_rows{{0, 1, 2}, {0, 1, 2}, {8, 9, 10, 11}, {}});
  CHECK(pages(got) == int_rows{{0}, {0}, {2}, {}});
}

// Only the first request is within its two drafts of 2^31 - 1: it counts as 2^31 - 3 tokens.
TEST_CASE("target_verify: s + q stays within int32, each request by itself") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {int32_max - 1, int32_max - 1},
                          .extend_seq_lens = {2, 1},
                          .cu_type = NSAMETA_INT64,
                          .skipped = {"indexer_ks", "indexer_ke"}});
  CHECK(got["cache_seqlens"] == ints{int32_max, int32_max});
  CHECK(got["seqlens_expanded"] == ints{int32_max - 1, int32_max, int32_max});
  CHECK(got.status() == NSAMETA_BIT_LENGTH_OVERFLOW);
}

// 10 - 2 + 1 + j for j = 0 to 3. The cache is not longer than the 10 tokens that it has.
TEST_CASE("draft_extend: q tokens in n rows, which go on beyond them") {
  const answer got =
      run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {10}, .extend_seq_lens = {2}, .uniform_extend_len = 4});
  CHECK(got["cache_seqlens"] == ints{10});
  CHECK(got["cu_seqlens_q"] == ints{0, 4});
  CHECK(got["seqlens_expanded"] == ints{9, 10, 11, 12});
  CHECK(got["indexer_ke"] == ints{9, 10, 11, 12});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 0});
  CHECK(got["total_rows"] == ints{4});
  CHECK(got.status() == 0);
}

// First rows: 10 - 2 + 1 = 9, 3 - 3 + 1 = 1, 5 - 0 + 1 = 6, and 1 - 3 + 1 = -1, which sees nothing, as does the next.
TEST_CASE("draft_extend: n rows whatever q is, 0, n or more than the cache") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {10, 3, 5, 1},
                          .extend_seq_lens = {2, 3, 0, 3},
                          .uniform_extend_len = 3,
                          .index_topk = 9});
  CHECK(got["seqlens_expanded"] == ints{9, 10, 11, 1, 2, 3, 6, 7, 8, 0, 0, 1});
  CHECK(got["nsa_cache_seqlens"] == ints{9, 9, 9, 1, 2, 3, 6, 7, 8, 0, 0, 1});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 9, 18, 27, 28, 30, 33, 39, 46, 54, 54, 54, 55});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 6, 9, 12});
  CHECK(got["cu_seqlens_k"] == ints{0, 10, 13, 18, 19});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 10, 10, 10, 13, 13, 13, 18, 18, 18});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3});
  CHECK(got.status() == 0);
}

// Five tokens in three rows: 10 - 5 + 1 = 6 and the two after it. The rows that see 9 and 10 are lost, and said to be.
TEST_CASE("draft_extend: more tokens than rows") {
  const answer got =
      run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {5, 3}, .uniform_extend_len = 3});
  CHECK(got["seqlens_expanded"] == ints{6, 7, 8, 2, 3, 4});
  CHECK(got["total_rows"] == ints{6});
  CHECK(got.status() == NSAMETA_BIT_CAPACITY_EXCEEDED);
}

// Rows that go on beyond the length are table rows like the others, of as many columns as the cache is long.
TEST_CASE("draft_extend: n rows of the page tables") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {2, 5},
                          .extend_seq_lens = {1, 0},
                          .uniform_extend_len = 2,
                          .req_to_token = source,
                          .page_size = 4,
                          .table_rows = 4});
  CHECK(positions(got) == int_rows{{0, 1}, {0, 1}, {8, 9, 10, 11, 4}, {8, 9, 10, 11, 4}});
  CHECK(pages(got) == int_rows{{0}, {0}, {2, 1}, {2, 1}});
}

// Tokens 0 1 2 | 3 4 5 of the batch see 4 5 6 | 8 9 10; rank 1 of two has tokens 1, 3 and 5.
TEST_CASE("draft_extend: rows beyond the length are dealt like the others") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {5, 9},
                          .extend_seq_lens = {2, 2},
                          .uniform_extend_len = 3,
                          .q_shard = {2, 1, NSAMETA_Q_SHARD_ROUND_ROBIN}});
  CHECK(got["seqlens_expanded"] == ints{5, 8, 10});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 3});
}

// With n = 2 the length counts as 2^31 - 3, so that no row beyond it leaves int32.
TEST_CASE("draft_extend: rows beyond the length stay within int32") {
  const answer got =
      run({.mode = NSAMETA_DRAFT_EXTEND, .seq_lens = {int32_max}, .extend_seq_lens = {0}, .uniform_extend_len = 2});
  CHECK(got["cache_seqlens"] == ints{int32_max - 2});
  CHECK(got["seqlens_expanded"] == ints{int32_max - 1, int32_max});
  CHECK(got.status() == NSAMETA_BIT_LENGTH_OVERFLOW);
}

// min(5, 8), min(12, 8), min(8, 8); of these at most 6 count.
TEST_CASE("context_limit: decode") {
  const answer got = run({.seq_lens = {5, 12, 8}, .index_topk = 6, .context_limit = 8});
  CHECK(got["cache_seqlens"] == ints{5, 8, 8});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 13, 21});
  CHECK(got["seqlens_expanded"] == ints{5, 8, 8});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 6, 6});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 5, 11, 17});
  CHECK(got["indexer_ks"] == ints{0, 5, 13});
  CHECK(got["indexer_ke"] == ints{5, 13, 21});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

TEST_CASE("context_limit: a length that reaches it raises nothing") {
  CHECK(run({.seq_lens = {5, 8}, .context_limit = 8}).status() == 0);
  CHECK(run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {5}, .uniform_extend_len = 3, .context_limit = 8}).status() ==
        0);
}

// 7 8 9 with a limit of 8; the other request's 3 4 5 are far from it.
TEST_CASE("context_limit: the drafts can be what exceeds it") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {6, 2},
                          .uniform_extend_len = 3,
                          .index_topk = 4,
                          .context_limit = 8});
  CHECK(got["cache_seqlens"] == ints{8, 5});
  CHECK(got["seqlens_expanded"] == ints{7, 8, 8, 3, 4, 5});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 4, 8, 12, 15, 19, 23});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 8, 8, 8});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

// 8 9 10 becomes 8 9 9, and the second request begins 9 positions on.
TEST_CASE("context_limit: extend") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {10, 4}, .extend_seq_lens = {3, 2}, .context_limit = 9});
  CHECK(got["cache_seqlens"] == ints{9, 4});
  CHECK(got["seqlens_expanded"] == ints{8, 9, 9, 3, 4});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 9, 9});
  CHECK(got["indexer_ke"] == ints{8, 9, 9, 12, 13});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

// Nine tokens of ten are the request's own: 2 to 10. That they are more than the limit of 5 does not make them more
// than the request has.
TEST_CASE("context_limit: query tokens are compared with the length itself") {
  const answer got = run({.mode = NSAMETA_EXTEND, .seq_lens = {10}, .extend_seq_lens = {9}, .context_limit = 5});
  CHECK(got["seqlens_expanded"] == ints{2, 3, 4, 5, 5, 5, 5, 5, 5});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

// 9 10 11 12, of which the last is past 11. The cache of 10 is not.
TEST_CASE("context_limit: rows that go on beyond the length can be what exceeds it") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {10},
                          .extend_seq_lens = {2},
                          .uniform_extend_len = 4,
                          .context_limit = 11});
  CHECK(got["cache_seqlens"] == ints{10});
  CHECK(got["seqlens_expanded"] == ints{9, 10, 11, 11});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

TEST_CASE("context_limit: page tables show as many columns as the limit") {
  const answer got =
      run({.seq_lens = {5, 2}, .req_to_token = source, .page_size = 2, .context_limit = 3, .table_rows = 2});
  CHECK(positions(got) == int_rows{{0, 1, 2}, {8, 9}});
  CHECK(pages(got) == int_rows{{0, 1}, {4}});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

// The rows 6 7 8 9 see 6 7 7 7 of the batch. Rank 1 of two holds every second position of them: 3 3 3 3.
TEST_CASE("context_limit goes before the shard of the cache") {
  const answer got =
      run({.mode = NSAMETA_EXTEND, .seq_lens = {9}, .extend_seq_lens = {4}, .kv_shard = {2, 1, 1}, .context_limit = 7});
  CHECK(got["cache_seqlens"] == ints{3});
  CHECK(got["seqlens_expanded"] == ints{3, 3, 3, 3});
}

// 4 5 6 7 8 are cut to 4 5 6 6 6. Of 6 there is one whole pool of four and 2 more.
TEST_CASE("context_limit goes before top-k") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {8},
                          .extend_seq_lens = {5},
                          .index_topk = 4,
                          .index_kpool = 4,
                          .context_limit = 6});
  CHECK(got["nsa_cache_seqlens"] == ints{4, 5, 6, 6, 6});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 4, 9, 15, 21, 27});
}

TEST_CASE("live_requests: those from there on are padding, and keep their rows") {
  const answer got = run({.seq_lens = {5, 7, 9}, .live_requests = 2});
  CHECK(got["cache_seqlens"] == ints{5, 7, 0});
  CHECK(got["cu_seqlens_k"] == ints{0, 5, 12, 12});
  CHECK(got["cu_seqlens_q"] == ints{0, 1, 2, 3});
  CHECK(got["seqlens_expanded"] == ints{5, 7, 0});
  CHECK(got["nsa_cache_seqlens"] == ints{5, 7, 0});
  CHECK(got["nsa_cu_seqlens_k"] == ints{0, 5, 12, 12});
  CHECK(got["nsa_cu_seqlens_q"] == ints{0, 1, 2, 3});
  CHECK(got["indexer_ks"] == ints{0, 5, 12});
  CHECK(got["indexer_ke"] == ints{5, 12, 12});
  CHECK(got["token_to_batch"] == ints{0, 1, 2});
  CHECK(got["total_rows"] == ints{3});
  CHECK(got.status() == 0);
}

TEST_CASE("live_requests: none, as a number of any sign, and more than there are") {
  for (const std::int32_t none : {0, -1, -2147483647}) {
    CAPTURE(none);
    const answer got = run({.seq_lens = {5, 7}, .live_requests = none});
    CHECK(got["cache_seqlens"] == ints{0, 0});
    CHECK(got["total_rows"] == ints{2});
    CHECK(got.status() == 0);
  }
  CHECK(run({.seq_lens = {5, 7}, .live_requests = 2147483647})["cache_seqlens"] == ints{5, 7});
  CHECK(run({.live_requests = 3})["total_rows"] == ints{0});
}

// 4 + 2 drafts see 5 and 6; the padding after it keeps n rows, but has neither drafts nor tokens.
TEST_CASE("live_requests: padding of target_verify has no drafts either") {
  const answer got =
      run({.mode = NSAMETA_TARGET_VERIFY, .seq_lens = {4, 7}, .uniform_extend_len = 2, .live_requests = 1});
  CHECK(got["cache_seqlens"] == ints{6, 0});
  CHECK(got["seqlens_expanded"] == ints{5, 6, 0, 0});
  CHECK(got["indexer_ks"] == ints{0, 0, 6, 6});
  CHECK(got["indexer_ke"] == ints{5, 6, 6, 6});
}

// The padding has as many rows as its extend_seq_lens says, and more of them than its length of 0 raises nothing.
TEST_CASE("live_requests: ragged rows of padding") {
  const answer got =
      run({.mode = NSAMETA_EXTEND, .seq_lens = {10, 4, 3}, .extend_seq_lens = {3, 2, 1}, .live_requests = 1});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 5, 6});
  CHECK(got["seqlens_expanded"] == ints{8, 9, 10, 0, 0, 0});
  CHECK(got["indexer_ks"] == ints{0, 0, 0, 10, 10, 10});
  CHECK(got["token_to_batch"] == ints{0, 0, 0, 1, 1, 2});
  CHECK(got.status() == 0);
}

TEST_CASE("live_requests: n rows of padding, left-aligned") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {10, 20},
                          .extend_seq_lens = {2, 1},
                          .uniform_extend_len = 3,
                          .live_requests = 1});
  CHECK(got["cache_seqlens"] == ints{10, 0});
  CHECK(got["seqlens_expanded"] == ints{9, 10, 11, 0, 0, 0});
  CHECK(got["cu_seqlens_q"] == ints{0, 3, 6});
}

// No seq_lens of padding is looked at, and neither its slot. Its extend_seq_lens is: it says how many rows there are.
TEST_CASE("live_requests: what padding holds") {
  step s{.mode = NSAMETA_DRAFT_EXTEND,
         .seq_lens = {2, -9, std::int64_t{1} << 40},
         .extend_seq_lens = {1, 1, 0},
         .req_pool_indices = {1, -7, 99},
         .req_to_token = source,
         .page_size = 4,
         .context_limit = 100,
         .live_requests = 1,
         .length_type = NSAMETA_INT64,
         .table_rows = 3};
  const answer kept = run(s);
  CHECK(positions(kept) == int_rows{{8, 9}, {}, {}});
  CHECK(kept["seqlens_expanded"] == ints{2, 0});
  CHECK(kept.status() == 0);
  s.extend_seq_lens = {1, 1, -1};
  CHECK(run(s).status() == NSAMETA_BIT_NEGATIVE_LENGTH);
}

// Two rows of the live request, two of padding and two that nobody has.
TEST_CASE("live_requests: the table rows of padding are tail") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {1, 3},
                          .uniform_extend_len = 2,
                          .req_to_token = source,
                          .page_size = 4,
                          .live_requests = 1,
                          .table_rows = 6,
                          .table_width = 4,
                          .table_tail = NSAMETA_TAIL_VALUE,
                          .table_tail_value = -1});
  const ints tail(4, -1);
  CHECK(positions(got) == int_rows{{0, 1, 2, -1}, {0, 1, 2, -1}, tail, tail, tail, tail});
  CHECK(pages(got) == int_rows{{0, -1, -1, -1}, {0, -1, -1, -1}, tail, tail, tail, tail});
  CHECK(got.status() == 0);
}

// 5 + 3 tokens; the padding's 6 are not moved from 0.
TEST_CASE("live_requests: no offset moves the lengths of padding") {
  const answer got = run({.seq_lens = {5, 6}, .live_requests = 1, .length_offset = 3});
  CHECK(got["cache_seqlens"] == ints{8, 0});
  CHECK(got["seqlens_expanded"] == ints{8, 0});
}

// Rank 0 of two has tokens 0 and 2, so requests 0 and 2, of which the latter is padding.
TEST_CASE("live_requests: padding is dealt to ranks like the other requests") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {10, 20, 30},
                          .extend_seq_lens = {1, 1, 1},
                          .q_shard = {2, 0, NSAMETA_Q_SHARD_ROUND_ROBIN},
                          .live_requests = 2});
  CHECK(got["cache_seqlens"] == ints{10, 0});
  CHECK(got["seqlens_expanded"] == ints{10, 0});
  CHECK(got["token_to_batch"] == ints{0, 1});
}
