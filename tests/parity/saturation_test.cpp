/// Counts that pass what 32 bits hold while the tables and vectors are small: what has a place must still be written,
/// and nothing else.
#include <doctest/doctest.h>

#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {
namespace {

constexpr std::int32_t most = 2147483647;

/// Two requests that show slots 0 and 1, of which the first has more rows than any table.
struct crowded_tables {
  static constexpr std::int64_t width = 256, rows = 16;

  explicit crowded_tables() : c(NSAMETA_DRAFT_EXTEND) {
    for (std::int64_t column = 0; column < width; ++column) first.push_back(static_cast<std::int32_t>(7 + column));
    tokens.put(0, first);
    c.problem.batch_size = 2;
    c.problem.seq_lens = input(seq_lens);
    c.problem.req_pool_indices = input(slots);
    c.problem.req_to_token = {tokens.data(), 2, width, width};
    c.outputs.page_table_1 = {table.data() + width, rows, width, width};  // a row of guards before and behind
    table.put(0, ints((rows + 2) * width, -5));
  }
  void check() {
    CHECK((c.fill() & NSAMETA_BIT_CAPACITY_EXCEEDED) != 0);
    CHECK(table.get(0, width) == ints(width, -5));
    for (std::int64_t row = 0; row < rows; ++row) CHECK(table.get((1 + row) * width, width) == first);
    CHECK(table.get((1 + rows) * width, width) == ints(width, -5));
  }

  ints first;
  large_array<std::int32_t> seq_lens{ints{256, 256}}, slots{ints{0, 1}};
  large_array<std::int32_t> tokens = large_array<std::int32_t>(2 * width);
  large_array<std::int32_t> table = large_array<std::int32_t>((rows + 2) * width);
  call c;
};

TEST_CASE("requests behind one with all the rows that there can be have no row in the tables") {
  crowded_tables ragged;
  const large_array<std::int32_t> extend(ints{most, 16});
  ragged.c.problem.extend_seq_lens = input(extend);
  ragged.check();

  crowded_tables uniform;
  uniform.c.problem.uniform_extend_len = most;
  uniform.check();
}

TEST_CASE("more page-table work than 32 bits count does not hide the rows that there are") {
  constexpr std::int64_t requests = 131072, rows = 300;
  const large_array<std::int32_t> seq_lens(ints(requests, 1)), extend(ints(requests, 131072)), slots(ints(requests, 0));
  const large_array<std::int32_t> tokens(ints{42});
  large_array<std::int32_t> table(ints(rows, -5));
  call c(NSAMETA_DRAFT_EXTEND);
  c.problem.batch_size = requests;
  c.problem.seq_lens = input(seq_lens);
  c.problem.extend_seq_lens = input(extend);
  c.problem.req_pool_indices = input(slots);
  c.problem.req_to_token = {tokens.data(), 1, 1, 1};
  c.problem.page_size = 1;
  c.outputs.page_table_1 = {table.data(), rows, 1, 1};
  CHECK((c.fill() & NSAMETA_BIT_CAPACITY_EXCEEDED) != 0);
  CHECK(table.get(0, rows) == ints(rows, 42));
}

TEST_CASE("a page table of more positions than 32 bits count, with a tail") {
  constexpr std::int64_t width = 8388608, live = 300;
  const large_array<std::int32_t> seq_lens(ints{live}), slots(ints{0});
  ints line;
  for (std::int32_t column = 0; column < live; ++column) line.push_back(512 + column);
  const large_array<std::int32_t> tokens(line);
  large_array<std::int32_t> table(width);
  table.put(width - 2, {-5, -5});
  call c(NSAMETA_DECODE);
  c.problem.batch_size = 1;
  c.problem.seq_lens = input(seq_lens);
  c.problem.req_pool_indices = input(slots);
  c.problem.req_to_token = {tokens.data(), 1, live, live};
  c.problem.page_size = 256;
  c.outputs.real_page_table = {table.data(), 1, width, width};
  c.outputs.table_tail = NSAMETA_TAIL_ZERO;
  CHECK(c.fill() == 0);
  CHECK(table.get(0, 3) == ints{2, 3, 0});
  CHECK(table.get(width - 2, 2) == ints{0, 0});
}

TEST_CASE("a request that is cut by the capacity, with others behind it") {
  const large_array<std::int32_t> seq_lens(ints{1000000000, 9}), extend(ints{1000000000, 3});
  large_array<std::int32_t> expanded(ints(8, -5));
  call c(NSAMETA_DRAFT_EXTEND);
  c.problem.batch_size = 2;
  c.problem.seq_lens = input(seq_lens);
  c.problem.extend_seq_lens = input(extend);
  c.outputs.seqlens_expanded = {expanded.data(), 5, NSAMETA_INT32};
  CHECK((c.fill() & NSAMETA_BIT_CAPACITY_EXCEEDED) != 0);
  CHECK(expanded.get(0, 8) == ints{1, 2, 3, 4, 5, -5, -5, -5});
}

}  // namespace
}  // namespace nsameta::test

TEST_SUITE_END();
