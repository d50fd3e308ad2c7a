#include <numeric>

#include "running.h"

using namespace nsameta::test;

namespace {

const int_rows source = {{0, 1, 2, 3, 20, 21}, {8, 9, 10, 11, 4, 5}, {16, 17, 18, 19, 12, 13}};

const int_rows& positions(const answer& got) { return got.tables.at("page_table_1"); }
const int_rows& pages(const answer& got) { return got.tables.at("real_page_table"); }

}  // namespace

TEST_CASE("decode: the live prefix of the request's row, once") {
  const answer got =
      run({.seq_lens = {2, 5}, .req_pool_indices = {2, 1}, .req_to_token = source, .page_size = 4, .table_rows = 2});
  CHECK(positions(got) == int_rows{{16, 17}, {8, 9, 10, 11, 4}});
  CHECK(pages(got) == int_rows{{4}, {2, 1}});
  CHECK(got.status() == 0);
}

TEST_CASE("target_verify: n times, the draft tokens included") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {1, 3},
                          .uniform_extend_len = 2,
                          .req_to_token = source,
                          .page_size = 4,
                          .table_rows = 4});
  CHECK(positions(got) == int_rows{{0, 1, 2}, {0, 1, 2}, {8, 9, 10, 11, 4}, {8, 9, 10, 11, 4}});
  CHECK(pages(got) == int_rows{{0}, {0}, {2, 1}, {2, 1}});
}

TEST_CASE("draft_extend: q times") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {1, 3, 2},
                          .extend_seq_lens = {2, 0, 1},
                          .req_to_token = source,
                          .page_size = 4,
                          .table_rows = 4});
  CHECK(positions(got) == int_rows{{0}, {0}, {16, 17}, {}});
  CHECK(pages(got) == int_rows{{0}, {0}, {4}, {}});
}

TEST_CASE("extend: once a request, whatever its tokens") {
  const answer got = run({.mode = NSAMETA_EXTEND,
                          .seq_lens = {4, 3},
                          .extend_seq_lens = {4, 0},
                          .req_to_token = source,
                          .page_size = 4,
                          .table_rows = 3});
  CHECK(positions(got) == int_rows{{0, 1, 2, 3}, {8, 9, 10}, {}});
  CHECK(pages(got) == int_rows{{0}, {2}, {}});
}

TEST_CASE("pages are those that begin inside the live prefix") {
  const auto pages_of = [](std::int64_t length, int page_size) {
    return pages(run({.seq_lens = {length}, .req_to_token = source, .page_size = page_size, .table_rows = 1}))[0];
  };
  CHECK(pages_of(0, 4) == ints{});
  CHECK(pages_of(1, 4) == ints{0});
  CHECK(pages_of(4, 4) == ints{0});
  CHECK(pages_of(5, 4) == ints{0, 5});
  CHECK(pages_of(6, 256) == ints{0});
  CHECK(pages_of(6, 2) == ints{0, 1, 10});
  CHECK(pages_of(6, 1) == ints{0, 1, 2, 3, 20, 21});
}

TEST_CASE("a position marked absent, -1, is on page -1") {
  const answer got = run({.seq_lens = {3}, .req_to_token = {{64, -1, -1}}, .page_size = 2, .table_rows = 1});
  CHECK(positions(got) == int_rows{{64, -1, -1}});
  CHECK(pages(got) == int_rows{{32, -1}});
}

TEST_CASE("pages of any size") {
  const answer threes = run({.seq_lens = {7, 6, 4},
                             .req_pool_indices = {0, 0, 0},
                             .req_to_token = {{9, 10, 11, 30, 31, 32, 6}},
                             .page_size = 3,
                             .table_rows = 3});
  CHECK(pages(threes) == int_rows{{3, 10, 2}, {3, 10}, {3, 10}});

  // Slots 6400 to 6400 + W - 1: the page that begins at 640 is the one after page 10, and so on.
  const auto of_many = [](std::int64_t length, int page_size) {
    ints slots(65540);
    std::iota(slots.begin(), slots.end(), 10 * page_size);
    return pages(run({.seq_lens = {length},
                      .req_to_token = {slots},
                      .page_size = page_size,
                      .table_rows = 1,
                      .skipped = {"page_table_1", "local_page_table_1"}}))[0];
  };
  CHECK(of_many(640, 640) == ints{10});
  CHECK(of_many(641, 640) == ints{10, 11});
  CHECK(of_many(1281, 640) == ints{10, 11, 12});
  CHECK(of_many(2305, 1152) == ints{10, 11, 12});
  CHECK(of_many(65536, 65536) == ints{10});
  CHECK(of_many(65537, 65536) == ints{10, 11});
}

TEST_CASE("the page of a slot is the quotient rounded down, also below 0") {
  const auto page_of = [](std::int64_t slot, int page_size) {
    return pages(run({.seq_lens = {1}, .req_to_token = {{slot}}, .page_size = page_size, .table_rows = 1}))[0];
  };
  constexpr std::int64_t least = -2147483648, most = 2147483647;
  CHECK(page_of(-1, 3) == ints{-1});
  CHECK(page_of(-3, 3) == ints{-1});
  CHECK(page_of(-4, 3) == ints{-2});
  CHECK(page_of(least, 3) == ints{-715827883});
  CHECK(page_of(most, 3) == ints{715827882});
  CHECK(page_of(-640, 640) == ints{-1});
  CHECK(page_of(-641, 640) == ints{-2});
  CHECK(page_of(least, 640) == ints{-3355444});
  CHECK(page_of(-65537, 65536) == ints{-2});
  CHECK(page_of(least, 65536) == ints{-32768});
  CHECK(page_of(most, 65536) == ints{32767});
  CHECK(page_of(least, 1) == ints{least});
}

TEST_CASE("cache_seqlens beyond W: columns clipped") {
  const answer got = run({.seq_lens = {9, 6}, .req_to_token = source, .page_size = 4, .table_rows = 2});
  CHECK(positions(got) == int_rows{{0, 1, 2, 3, 20, 21}, {8, 9, 10, 11, 4, 5}});
  CHECK(pages(got) == int_rows{{0, 5}, {2, 1}});
  CHECK(got["cache_seqlens"] == ints{9, 6});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

TEST_CASE("in target_verify, the draft tokens can be what exceeds W") {
  const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                          .seq_lens = {5},
                          .uniform_extend_len = 2,
                          .req_to_token = source,
                          .table_rows = 2});
  CHECK(got.status() == NSAMETA_BIT_CONTEXT_EXCEEDED);
}

TEST_CASE("a slot outside the table: its rows are left alone, the others stand where they would") {
  for (const std::int64_t slot : {-1, 3, 2000000000}) {
    CAPTURE(slot);
    const answer got = run({.mode = NSAMETA_TARGET_VERIFY,
                            .seq_lens = {0, 0, 0},
                            .uniform_extend_len = 2,
                            .req_pool_indices = {0, slot, 2},
                            .req_to_token = source,
                            .page_size = 4,
                            .table_rows = 6});
    CHECK(positions(got) == int_rows{{0, 1}, {0, 1}, {}, {}, {16, 17}, {16, 17}});
    CHECK(pages(got) == int_rows{{0}, {0}, {}, {}, {4}, {4}});
    CHECK(got["seqlens_expanded"] == ints{1, 2, 1, 2, 1, 2});
    CHECK(got.status() == NSAMETA_BIT_BAD_SLOT);
  }
}

TEST_CASE("lengths and slots of requests without a row raise nothing") {
  const answer got = run({.mode = NSAMETA_DRAFT_EXTEND,
                          .seq_lens = {100, 2},
                          .extend_seq_lens = {0, 1},
                          .req_pool_indices = {-5, 0},
                          .req_to_token = source,
                          .table_rows = 1});
  CHECK(positions(got) == int_rows{{0, 1}});
  CHECK(got.status() == 0);
}

TEST_CASE("without a page table, slots and W do not count") {
  CHECK(run({.seq_lens = {100}, .req_pool_indices = {-5}, .req_to_token = source}).status() == 0);
}

TEST_CASE("one of the two tables alone") {
  step s{.seq_lens = {5}, .req_to_token = source, .page_size = 4, .table_rows = 1};
  s.skipped = {"page_table_1"};
  CHECK(pages(run(s)) == int_rows{{0, 5}});
  s.skipped = {"real_page_table"};
  CHECK(positions(run(s)) == int_rows{{0, 1, 2, 3, 20}});
}

TEST_CASE("a table narrower than the live prefix holds what fits") {
  const answer got = run({.seq_lens = {5}, .req_to_token = source, .page_size = 1, .table_rows = 1, .table_width = 3});
  CHECK(positions(got) == int_rows{{0, 1, 2}});
  CHECK(pages(got) == int_rows{{0, 1, 2}});
}

TEST_CASE("row strides wider than the rows, in and out") {
  const answer got = run({.seq_lens = {2, 1, 6},
                          .req_pool_indices = {1, 2, 0},
                          .req_to_token = source,
                          .page_size = 2,
                          .source_row_gap = 5,
                          .table_rows = 3,
                          .table_width = 6,
                          .table_row_gap = 11});
  CHECK(positions(got) == int_rows{{8, 9}, {16}, {0, 1, 2, 3, 20, 21}});
  CHECK(pages(got) == int_rows{{4}, {8}, {0, 1, 10}});
}

TEST_CASE("kv_shard does not touch page tables, nor the prefix they cover") {
  const answer got =
      run({.seq_lens = {5}, .req_to_token = source, .page_size = 4, .kv_shard = {2, 1, 1}, .table_rows = 1});
  CHECK(got["cache_seqlens"] == ints{2});
  CHECK(positions(got) == int_rows{{0, 1, 2, 3, 20}});
  CHECK(pages(got) == int_rows{{0, 5}});
}
