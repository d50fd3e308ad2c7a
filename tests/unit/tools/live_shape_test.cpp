#include <doctest/doctest.h>

#include <vector>

#include "harness/live_shape.h"

namespace nsameta::test {
namespace {

using namespace harness;

strided_values values(std::vector<std::int64_t> v) { return strided_values(v, NSAMETA_INT64); }

TEST_CASE("rows of each mode") {
  problem_data problem;
  problem.seq_lens = values({5, 0, 7});
  CHECK(live_shape_of(problem).rows == 3);

  problem.mode = NSAMETA_TARGET_VERIFY;
  problem.uniform_extend_len = 4;
  CHECK(live_shape_of(problem).rows == 12);

  problem.mode = NSAMETA_EXTEND;
  problem.uniform_extend_len = 0;
  problem.extend_seq_lens = values({2, 0, 3});
  CHECK(live_shape_of(problem).rows == 5);
  CHECK(live_shape_of(problem).table_rows == 3);

  problem.mode = NSAMETA_DRAFT_EXTEND;
  CHECK(live_shape_of(problem).table_rows == 5);
}

TEST_CASE("lengths are made sane") {
  problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = values({-5, 1LL << 40});
  problem.extend_seq_lens = values({-3, 1LL << 40});
  const live_shape shape = live_shape_of(problem);
  CHECK(shape.rows == 2147483647);
}

TEST_CASE("a page table shows the context within req_to_token, and nothing for a slot that is no row of it") {
  problem_data problem;
  problem.mode = NSAMETA_TARGET_VERIFY;
  problem.uniform_extend_len = 2;
  problem.seq_lens = values({5, -9, 1LL << 40, 5, 5});
  problem.req_pool_indices = values({0, 0, 0, 1, -1});
  problem.req_to_token.slots = 1;
  problem.req_to_token.width = 30;
  const auto positions = [&](std::int64_t offset) {
    std::vector<std::int64_t> all;
    for (const live_request& request : live_shape_of(problem, offset).requests) all.push_back(request.positions);
    return all;
  };
  CHECK(positions(0) == std::vector<std::int64_t>{7, 2, 30, 0, 0});
  CHECK(positions(3) == std::vector<std::int64_t>{10, 2, 30, 0, 0});
  CHECK(positions(-6) == std::vector<std::int64_t>{2, 2, 30, 0, 0});
  problem.req_pool_indices = {};
  CHECK(positions(0) == std::vector<std::int64_t>{0, 0, 0, 0, 0});
}

TEST_CASE("the rows of a table, each cut to its live columns") {
  problem_data problem;
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.page_size = 4;
  problem.seq_lens = values({5, 8, 90});
  problem.extend_seq_lens = values({2, 0, 1});
  problem.req_pool_indices = values({0, 1, 0});
  problem.req_to_token.slots = 2;
  problem.req_to_token.width = 12;
  const live_shape shape = live_shape_of(problem);
  std::vector<std::int32_t> memory(60);
  const auto sizes = [&](const table_field& field, nsameta_table table) {
    std::vector<std::size_t> all;
    for (const auto row : live_rows(field, table, shape)) all.push_back(row.size());
    return all;
  };
  CHECK(sizes(table_fields[0], {memory.data(), 5, 12, 12}) == std::vector<std::size_t>{5, 5, 12});
  CHECK(sizes(table_fields[0], {memory.data(), 2, 4, 30}) == std::vector<std::size_t>{4, 4});  // short and narrow
  CHECK(sizes(table_fields[1], {memory.data(), 5, 3, 12}) == std::vector<std::size_t>{2, 2, 3});
  CHECK(live_rows(table_fields[0], {memory.data(), 5, 12, 12}, shape)[2].data() == memory.data() + 24);
}

TEST_CASE("the ranks of a q shard share the rows, each row once") {
  problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = values({9, 9, 9, 9});
  problem.extend_seq_lens = values({3, 1, 0, 6});
  for (std::int32_t size = 2; size <= 8; ++size) {
    std::int64_t rows = 0;
    for (std::int32_t rank = 0; rank < size; ++rank) {
      problem.q_shard = {size, rank};
      const live_shape shape = live_shape_of(problem);
      rows += shape.rows;
      for (const live_request& request : shape.requests) CHECK(request.rows > 0);
    }
    CHECK(rows == 10);
  }
  problem.q_shard = {11, 0};  // more ranks than tokens: off
  CHECK(live_shape_of(problem).rows == 10);
}

}  // namespace
}  // namespace nsameta::test
