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

TEST_CASE("the columns of a rank's local table are its part of the positions") {
  problem_data problem;
  problem.seq_lens = values({1, 5, 11, 12, 90});
  problem.req_pool_indices = values({0, 0, 0, 0, 0});
  problem.req_to_token.slots = 1;
  problem.req_to_token.width = 23;
  std::vector<std::int32_t> memory(120);
  const auto sizes = [&](std::int32_t rank) {
    problem.kv_shard = {3, rank, 2};  // 0 0 1 1 2 2 0 0 1 1 2 2 ...
    std::vector<std::size_t> all;
    for (const auto row : live_rows(table_fields[2], {memory.data(), 5, 24, 24}, live_shape_of(problem)))
      all.push_back(row.size());
    return all;
  };
  CHECK(sizes(0) == std::vector<std::size_t>{1, 2, 4, 4, 8});
  CHECK(sizes(1) == std::vector<std::size_t>{0, 2, 4, 4, 8});
  CHECK(sizes(2) == std::vector<std::size_t>{0, 1, 3, 4, 7});
}

std::vector<std::int64_t> rows_of(const live_shape& shape) {
  std::vector<std::int64_t> all;
  for (const live_request& request : shape.requests) all.push_back(request.rows);
  return all;
}

std::vector<std::int64_t> indices_of(const live_shape& shape) {
  std::vector<std::int64_t> all;
  for (const live_request& request : shape.requests) all.push_back(request.index);
  return all;
}

TEST_CASE("a contiguous part begins and ends within requests") {
  problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = values({9, 9, 9, 9});
  problem.extend_seq_lens = values({3, 1, 0, 7});  // flat 0 1 2 | 3 | | 4 ... 10, four ranks: 3 3 3 2
  const auto shape_on = [&](std::int32_t rank) {
    problem.q_shard = {4, rank, NSAMETA_Q_SHARD_CONTIGUOUS};
    return live_shape_of(problem);
  };
  using list = std::vector<std::int64_t>;
  CHECK(indices_of(shape_on(0)) == list{0});
  CHECK(rows_of(shape_on(0)) == list{3});
  CHECK(indices_of(shape_on(1)) == list{1, 3});
  CHECK(rows_of(shape_on(1)) == list{1, 2});
  CHECK(rows_of(shape_on(2)) == list{3});
  CHECK(rows_of(shape_on(3)) == list{2});
}

TEST_CASE("of a zigzag, the first blocks' table rows come before the mirrors'") {
  problem_data problem;
  problem.mode = NSAMETA_DRAFT_EXTEND;
  problem.seq_lens = values({30, 17, 3});
  problem.extend_seq_lens = values({9, 17, 1});  // blocks 3 2 2 2 | 5 4 4 4 | 1 0 0 0
  problem.req_pool_indices = values({0, 0, 0});
  problem.req_to_token.slots = 1;
  problem.req_to_token.width = 100;
  std::vector<std::int32_t> memory(4000);
  const auto sizes = [&](std::int32_t rank) {
    problem.q_shard = {2, rank, NSAMETA_Q_SHARD_ZIGZAG};
    std::vector<std::size_t> all;
    for (const auto row : live_rows(table_fields[0], {memory.data(), 40, 100, 100}, live_shape_of(problem)))
      all.push_back(row.size());
    return all;
  };
  CHECK(sizes(0) == std::vector<std::size_t>{30, 30, 30, 17, 17, 17, 17, 17, 3, 30, 30, 17, 17, 17, 17});
  CHECK(sizes(1) == std::vector<std::size_t>{30, 30, 17, 17, 17, 17, 30, 30, 17, 17, 17, 17});
  problem.mode = NSAMETA_EXTEND;  // a table row a request
  CHECK(sizes(0) == std::vector<std::size_t>{30, 17, 3});
  CHECK(sizes(1) == std::vector<std::size_t>{30, 17});
  CHECK(rows_of(live_shape_of(problem)) == std::vector<std::int64_t>{4, 8});
}

TEST_CASE("the ranks of a q shard share the rows, each row once") {
  problem_data problem;
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = values({9, 9, 9, 9});
  problem.extend_seq_lens = values({3, 1, 0, 6});
  for (const auto kind : {NSAMETA_Q_SHARD_ROUND_ROBIN, NSAMETA_Q_SHARD_CONTIGUOUS, NSAMETA_Q_SHARD_ZIGZAG}) {
    for (std::int32_t size = 2; size <= 8; ++size) {
      std::int64_t rows = 0;
      for (std::int32_t rank = 0; rank < size; ++rank) {
        problem.q_shard = {size, rank, kind};
        const live_shape shape = live_shape_of(problem);
        rows += shape.rows;
        for (const live_request& request : shape.requests) CHECK(request.rows > 0);
      }
      CHECK(rows == 10);
    }
    problem.q_shard = {11, 0, kind};  // more ranks than tokens: off
    CHECK(live_shape_of(problem).rows == 10);
  }
}

}  // namespace
}  // namespace nsameta::test
