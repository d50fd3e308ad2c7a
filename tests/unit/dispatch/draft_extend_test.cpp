// The original's entry points, in C and C++.
#include <string>
#include <vector>

#include "expect.h"
#include "nsameta/nsameta.hpp"

using namespace nsameta;
using namespace nsameta::test;

namespace {

using ints = std::vector<std::int32_t>;

/// The worked example of draft_extend.
const ints lengths{20, 1, 9}, accepted{3, 6, 0};
const ints rows{18, 19, 20, 0, 0, 0, 0, 0, 1};

}  // namespace

TEST_CASE("fill_draft_extend_metadata writes both outputs and the total, no more") {
  ints expanded(11, -7), clamped(11, -7);
  std::int32_t total = -7;
  fill_draft_extend_metadata(accepted, lengths, 19, expanded, clamped, &total).or_throw();
  CHECK(total == 9);
  ints expected = rows;
  expected.resize(11, -7);
  CHECK(expanded == expected);
  expected[2] = 19;
  CHECK(clamped == expected);
}

TEST_CASE("fill_draft_extend_metadata takes int64 lengths, strides, and no total, also from C") {
  const std::vector<std::int64_t> wide{20, -1, 1, -1, 9, -1};
  ints expanded(9), clamped(9);
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  REQUIRE(nsameta_fill_draft_extend_metadata({accepted.data(), 1, NSAMETA_INT32}, {wide.data(), 2, NSAMETA_INT64}, 3,
                                             2048, vector_of(expanded), vector_of(clamped), nullptr,
                                             &host) == NSAMETA_OK);
  CHECK(expanded == rows);
  CHECK(clamped == rows);
}

TEST_CASE("fill_draft_extend_metadata refuses by its own names") {
  ints expanded(9, -7), clamped(9, -7);
  const result no_topk = fill_draft_extend_metadata(accepted, lengths, 0, expanded, clamped);
  CHECK(no_topk.status() == NSAMETA_INVALID_ARGUMENT);
  CHECK(no_topk.message() == "nsa_index_topk is 0, less than 1");
  const result unequal = fill_draft_extend_metadata(ints{1}, lengths, 8, expanded, clamped);
  CHECK(unequal.status() == NSAMETA_INVALID_ARGUMENT);
  CHECK(unequal.message() == "extend_seq_lens has 1 elements, seq_lens 3");
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  expect_failure(nsameta_fill_draft_extend_metadata({nullptr, 1, NSAMETA_INT32}, strided(lengths), 3, 8,
                                                    vector_of(expanded), vector_of(clamped), nullptr, &host),
                 NSAMETA_INVALID_ARGUMENT, {"extend_seq_lens is null", "batch_size is 3"});
  CHECK(expanded == ints(9, -7));
}

TEST_CASE("get_kernel_info is the decision that both lengths of a batch of the size get") {
  const target host(NSAMETA_DEVICE_HOST);
  for (const std::int64_t requests : {1, 100'000}) {
    const explanation info = get_kernel_info(requests, 4, host);
    REQUIRE(info.outcome);
    CHECK(info.decision.row_bound == 4 * requests);
    std::int32_t length = 0;
    problem step(NSAMETA_DRAFT_EXTEND);
    step.seq_lens = {&length, 1, NSAMETA_INT32};
    step.batch_size = requests;
    step.with_uniform_extend_len(4);
    nsameta_decision same{};
    same.struct_size = sizeof same;
    ints expanded(4 * requests), clamped(4 * requests);
    nsameta_outputs both{};
    nsameta_outputs_init(&both);
    both.seqlens_expanded = vector_of(expanded);
    both.nsa_cache_seqlens = vector_of(clamped);
    REQUIRE(nsameta_explain(&step, &both, &host, &same) == NSAMETA_OK);
    CHECK(std::string(info.decision.variant) == same.variant);
    CHECK(std::string(info.decision.rule) == same.rule);
    CHECK(info.decision.rejection_count > 0);
  }
  CHECK(std::string(get_kernel_info(1, 4, host).decision.rule) != get_kernel_info(100'000, 4, host).decision.rule);
}

TEST_CASE("get_kernel_info without a target takes the first GPU that is ready, or else the host") {
  const char* expected = "cpu";
  for (const auto& each : backends())
    if (each.state == NSAMETA_BACKEND_READY && (std::string(each.name) == "cuda" || std::string(each.name) == "hip")) {
      expected = each.name;
      break;
    }
  CHECK(std::string(get_kernel_info().decision.backend) == expected);
}

TEST_CASE("get_kernel_info refuses what is no batch") {
  CHECK(get_kernel_info(0).outcome.message() == "requests is 0, less than 1");
  CHECK(get_kernel_info(3, -1).outcome.message() == "rows_each is -1, less than 1");
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  expect_failure(nsameta_get_kernel_info(1, 1, &host, nullptr), NSAMETA_INVALID_ARGUMENT, {"decision is null"});
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  expect_failure(nsameta_get_kernel_info(1, 1, nullptr, &decision), NSAMETA_INVALID_ARGUMENT, {"target is null"});
}
