#include <doctest/doctest.h>

#include <cstdint>
#include <stdexcept>
#include <vector>

#include "harness/input_buffers.h"
#include "harness/problem_data.h"

namespace nsameta::test {
namespace {

using namespace harness;

const std::vector<std::int64_t> lengths{7, -1, 2147483647};

TEST_CASE("values stand at their stride, with poison between") {
  for (const nsameta_dtype dtype : {NSAMETA_INT32, NSAMETA_INT64}) {
    const strided_values values(lengths, dtype, 3);
    CHECK(values.values() == lengths);
    CHECK(values.view().stride == 3);
    CHECK(values.view().dtype == dtype);
    const std::byte gap = values.memory()[dtype == NSAMETA_INT64 ? 8 : 4];
    CHECK(gap == std::byte{0x5b});
  }
}

TEST_CASE("with a stride of 0 one element stands for all") {
  const strided_values values(std::vector<std::int64_t>(3, 7), NSAMETA_INT64, 0);
  CHECK(values.values() == std::vector<std::int64_t>(3, 7));
  CHECK(values.view().stride == 0);
  CHECK(values.memory().size() == sizeof(std::int64_t));
}

TEST_CASE("a value that does not fit is refused") {
  const std::vector<std::int64_t> large{1LL << 40};
  CHECK_THROWS_AS(strided_values(large, NSAMETA_INT32), std::out_of_range);
  CHECK_NOTHROW(strided_values(large, NSAMETA_INT64));
  CHECK_THROWS_AS(strided_values(lengths, NSAMETA_INT64, -1), std::invalid_argument);
  CHECK_THROWS_AS(strided_values(lengths, NSAMETA_INT64, 0), std::invalid_argument);  // they differ
}

TEST_CASE("empty is not absent") {
  CHECK_FALSE(strided_values().present());
  CHECK(strided_values(std::vector<std::int64_t>{}).present());
  CHECK(strided_values(std::vector<std::int64_t>{}).view().data != nullptr);
}

TEST_CASE("a written input is noticed and named") {
  problem_data problem;
  problem.seq_lens = strided_values(lengths);
  problem.extend_seq_lens = strided_values(lengths);
  input_buffers inputs(place_of("cpu"));
  inputs.upload(problem);
  CHECK_FALSE(inputs.changed());
  auto* written = static_cast<std::int32_t*>(const_cast<void*>(inputs.view().extend_seq_lens.data));
  written[1] = 5;
  CHECK(inputs.changed() == "extend_seq_lens");
  inputs.upload(problem);
  CHECK_FALSE(inputs.changed());
}

TEST_CASE("a token table stands at its misalignment") {
  problem_data problem;
  problem.req_to_token = {{-1, 1, 2, 3, 4}, 1, 2, 2, 2};
  CHECK(problem.view().req_to_token.data == problem.req_to_token.memory.data() + 1);
  input_buffers inputs(place_of("cpu"));
  inputs.upload(problem);
  CHECK(reinterpret_cast<std::uintptr_t>(inputs.view().req_to_token.data) % 256 == 4);
  CHECK(inputs.view().req_to_token.data[3] == 4);
  problem.req_to_token.memory.clear();  // kept elsewhere
  CHECK(problem.view().req_to_token.data == nullptr);
  CHECK(problem.view().req_to_token.slots == 2);
}

}  // namespace
}  // namespace nsameta::test
