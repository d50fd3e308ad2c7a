/// A million requests, most of which may be empty.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "deals.h"
#include "harness/problem_json.h"
#include "harness/random.h"
#include "large_call.h"

TEST_SUITE_BEGIN("boundaries");

namespace nsameta::test {
namespace {

/// Query tokens of request r.
using query_rule = std::function<std::int64_t(std::int64_t r)>;

harness::problem_data batch_of(nsameta_mode mode, std::int64_t requests, const query_rule& queries_of) {
  longs seq_lens, queries;
  for (std::int64_t r = 0; r < requests; ++r) {
    queries.push_back(queries_of(r));
    seq_lens.push_back(queries.back() + r * 7919 % 5000);
  }
  harness::problem_data problem;
  problem.mode = mode;
  problem.seq_lens = harness::strided_values(seq_lens);
  if (mode == NSAMETA_DECODE || mode == NSAMETA_TARGET_VERIFY) {
    problem.uniform_extend_len = mode == NSAMETA_DECODE ? 0 : 2;
  } else {
    problem.extend_seq_lens = harness::strided_values(queries);
  }
  return problem;
}

/// Every field, the sums in int64, against the reference.
void check_batch(const harness::problem_data& problem) {
  harness::generated_case tested{{}, problem, exact_layout(problem, live_shape_of(problem))};
  for (std::size_t i = 0; i < vector_fields.size(); ++i) tested.layout.vectors[i].dtype = vector_fields[i].dtype(true);
  check_equal(tested);
}

void check_queries(const query_rule& queries_of) {
  const std::int64_t requests = reduced_on_simt(1'000'000);
  check_batch(batch_of(NSAMETA_DRAFT_EXTEND, requests, queries_of));
  harness::problem_data problem = batch_of(NSAMETA_EXTEND, requests, queries_of);
  check_batch(problem);
  for (const nsameta_q_shard_kind kind : all_deals) {
    problem.q_shard = {8, 3, kind};
    check_batch(problem);
  }
}

}  // namespace

TEST_CASE("1,000,000 requests (simt: 200,000), all alike") {
  for (const nsameta_mode mode : {NSAMETA_DECODE, NSAMETA_TARGET_VERIFY})
    check_batch(batch_of(mode, reduced_on_simt(1'000'000), [](std::int64_t) { return 0; }));
}

TEST_CASE("1,000,000 requests (simt: 200,000), empty anywhere") {
  harness::random_source random(3);
  check_queries([&](std::int64_t) { return std::max<std::int64_t>(random.between(-6, 3), 0); });
}

TEST_CASE("1,000,000 requests (simt: 200,000), empty in runs") {
  check_queries([](std::int64_t r) { return r / 3001 % 3 == 1 ? 1 + r % 3 : 0; });
}

TEST_CASE("1,000,000 requests (simt: 200,000), all but one empty") {
  const std::int64_t requests = reduced_on_simt(1'000'000);
  for (const std::int64_t only : {std::int64_t{0}, requests / 2 + 1, requests - 1})
    check_queries([only](std::int64_t r) { return r == only ? 70'000 : 0; });
}

TEST_CASE("1,000,000 requests (simt: 200,000), all of them empty") {
  check_queries([](std::int64_t) { return 0; });
}

}  // namespace nsameta::test

TEST_SUITE_END();
