#include <doctest/doctest.h>

#include <vector>

#include "harness/live_shape.h"

namespace nsameta::harness {
namespace {

strided_values values(std::vector<std::int64_t> v) { return strided_values(v, NSAMETA_INT64); }

TEST_CASE("rows of each mode") {
  problem_data problem;
  problem.seq_lens = values({5, 0, 7});
  CHECK(live_shape_of(problem).rows == 3);

  problem.mode = NSAMETA_TARGET_VERIFY;
  problem.uniform_extend_len = 4;
  CHECK(live_shape_of(problem).rows == 12);
  CHECK(live_shape_of(problem).requests[2].context == 11);

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
  CHECK(shape.requests[0].context == 0);
  CHECK(shape.requests[1].context == 2147483647);
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
}  // namespace nsameta::harness
