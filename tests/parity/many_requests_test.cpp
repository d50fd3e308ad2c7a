// Batches of thousands of requests, whose prefix sums span many blocks: rows few and many, alone and beside page
// tables.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "fields.h"
#include "harness/random.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

struct batch_kind {
  nsameta_mode mode;
  std::int64_t requests;
  std::int64_t most_tokens;  ///< of a request, in draft_extend drawn from 0 on
  nsameta_dtype dtype = NSAMETA_INT32;
  bool bad_lengths = false;  ///< some negative, some so long that sums pass int32
};

harness::generated_case case_of(const batch_kind& kind) {
  harness::random_source random(static_cast<std::uint64_t>(kind.requests));
  std::vector<std::int64_t> seq_lens, queries;
  for (std::int64_t r = 0; r < kind.requests; ++r) {
    const std::int64_t fate = kind.bad_lengths ? random.between(0, 99) : 99;
    queries.push_back(fate == 0 ? -3 : random.between(0, kind.most_tokens));
    seq_lens.push_back(fate == 1 ? -1 : fate == 2 ? 2'147'483'647 - random.between(0, 9) : random.between(0, 5000));
  }
  harness::generated_case tested;
  tested.problem.mode = kind.mode;
  tested.problem.seq_lens = harness::strided_values(seq_lens, kind.dtype);
  if (kind.mode == NSAMETA_DRAFT_EXTEND)
    tested.problem.extend_seq_lens = harness::strided_values(queries, kind.dtype);
  else
    tested.problem.uniform_extend_len = kind.most_tokens;
  tested.layout = exact_layout(tested.problem, live_shape_of(tested.problem));
  return tested;
}

/// With a page table of few columns, and some requests that have no slot in it.
harness::generated_case with_tables(harness::generated_case tested) {
  constexpr std::int64_t slots = 70, width = 37;
  harness::problem_data& problem = tested.problem;
  harness::random_source random(7);
  std::vector<std::int64_t> indices;
  for (std::int64_t r = 0; r < problem.batch_size(); ++r) indices.push_back(random.between(-1, slots));
  problem.req_pool_indices = harness::strided_values(indices);
  problem.req_to_token = {{}, 0, slots, width, width};
  for (std::int64_t i = 0; i < slots * width; ++i)
    problem.req_to_token.memory.push_back(static_cast<std::int32_t>(random.between(0, 1 << 30)));
  problem.page_size = 4;
  tested.layout = exact_layout(problem, live_shape_of(problem));
  return tested;
}

/// Without those vectors that are not named.
harness::generated_case with_fields(harness::generated_case tested,
                                    const std::function<bool(const std::string&)>& wanted) {
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    tested.layout.vectors[i].wanted = tested.layout.vectors[i].wanted && wanted(vector_fields[i].name);
  return tested;
}

/// All fields with the status word and without, which are different kernels, and the two that most steps want.
void check_fields(const batch_kind& kind) {
  const harness::generated_case all = case_of(kind);
  check_equal(all);
  check_equal(with_fields(all, [](const std::string& name) { return name != "status"; }));
  check_equal(with_fields(
      all, [](const std::string& name) { return name == "seqlens_expanded" || name == "nsa_cache_seqlens"; }));
}

}  // namespace

TEST_CASE("many requests of up to 8 rows equal the reference") {
  for (const std::int64_t requests : {4'096, 4'097, 5'000, 8'193, 9'000, 20'000})
    check_fields({NSAMETA_DRAFT_EXTEND, requests, 8});
}

TEST_CASE("many requests with as many rows each equal the reference") {
  check_fields({NSAMETA_DECODE, 20'000, 0});
  check_fields({NSAMETA_TARGET_VERIFY, 9'000, 3});
}

TEST_CASE("many requests of many rows equal the reference") { check_fields({NSAMETA_DRAFT_EXTEND, 20'000, 50}); }

TEST_CASE("many requests with int64 lengths, and with bad ones, equal the reference") {
  for (const std::int64_t most_tokens : {8, 50})
    for (const nsameta_dtype dtype : {NSAMETA_INT32, NSAMETA_INT64})
      check_fields({NSAMETA_DRAFT_EXTEND, 17'000, most_tokens, dtype, true});
}

TEST_CASE("many requests with page tables equal the reference") {
  for (const std::int64_t requests : {5'000, 9'000, 17'000})
    check_equal(with_tables(case_of({NSAMETA_DRAFT_EXTEND, requests, 3})));
  check_equal(with_tables(case_of({NSAMETA_DRAFT_EXTEND, 17'000, 12, NSAMETA_INT32, true})));
  check_equal(with_tables(case_of({NSAMETA_DECODE, 20'000, 0})));
}

TEST_CASE("many requests with tails and with an offset equal the reference") {
  harness::generated_case tested = case_of({NSAMETA_DRAFT_EXTEND, 17'000, 3});
  tested.layout.vector_tail = NSAMETA_TAIL_ZERO;
  for (harness::vector_layout& vector : tested.layout.vectors) vector.capacity += vector.capacity > 1 ? 100 : 0;
  check_equal(tested);
  tested.layout.vector_tail = NSAMETA_TAIL_KEEP;
  for (const std::int64_t offset : {-700, 700}) {
    tested.layout.length_offset = offset;
    check_equal(tested);
  }
}

}  // namespace nsameta::test

TEST_SUITE_END();
