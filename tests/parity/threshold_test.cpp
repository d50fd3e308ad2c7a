/// What selection does by itself, over host memory: from some size on a batch is cut over threads, and its answer stays
/// the reference's on both sides of it.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fields.h"
#include "fixture.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"

TEST_SUITE_BEGIN("threshold");

namespace nsameta::test {
namespace {

using harness::check;

/// A kind of step whose rows the host knows, so that the batch size alone decides.
struct step_kind {
  nsameta_mode mode;
  std::int64_t queries;  ///< uniform_extend_len
};

harness::problem_data problem_of(const step_kind& kind, std::int64_t batch_size) {
  std::vector<std::int64_t> seq_lens;
  for (std::int64_t r = 0; r < batch_size; ++r) seq_lens.push_back(r * 7919 % 5000);
  harness::problem_data problem;
  problem.mode = kind.mode;
  problem.seq_lens = harness::strided_values(seq_lens);
  problem.uniform_extend_len = kind.queries;
  return problem;
}

/// "one thread", where the host knows, or "counted", where the fill decides.
std::string decided(const nsameta_problem& problem, const nsameta_outputs* outputs) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  check(nsameta_explain(&problem, outputs, &on_host, &decision));
  return std::string(decision.rule).find("else oneTBB") == std::string::npos ? "one thread" : "counted";
}

/// The decision for a batch of any size with the outputs of `exact_layout`. Nothing is read to make it, so the inputs
/// are those of one request and the outputs stand at addresses that hold nothing.
std::string decided_for_size(const step_kind& kind, std::int64_t batch_size) {
  const harness::problem_data one = problem_of(kind, 1);
  nsameta_problem problem = one.view();
  problem.batch_size = batch_size;
  nsameta_outputs outputs =
      harness::output_buffers(harness::place_of("cpu"), exact_layout(one, live_shape_of(one))).view();
  std::uintptr_t address = std::uintptr_t{1} << 40;
  for (const vector_field& field : vector_fields) {
    nsameta_vector& vector = outputs.*field.member;
    if (vector.data == nullptr) continue;
    const std::int64_t rows = kind.mode == NSAMETA_DECODE ? batch_size : batch_size * kind.queries;
    vector.data = reinterpret_cast<void*>(address);
    vector.capacity = element_count(field.size, batch_size, rows);
    address += std::uintptr_t{1} << 36;
  }
  return decided(problem, &outputs);
}

/// The smallest batch that does not go where a batch of one goes.
std::int64_t threshold(const step_kind& kind) {
  const std::string small = decided_for_size(kind, 1);
  std::int64_t same = 1, other = 1 << 24;
  REQUIRE(decided_for_size(kind, other) != small);
  while (other - same > 1) {
    const std::int64_t middle = same + (other - same) / 2;
    (decided_for_size(kind, middle) == small ? same : other) = middle;
  }
  return other;
}

/// Fills a batch by selection; what was decided.
std::string fill_and_compare(const step_kind& kind, std::int64_t batch_size) {
  const harness::problem_data problem = problem_of(kind, batch_size);
  filling fill(problem, {exact_layout(problem, live_shape_of(problem))}, {}, harness::pages_in_turn());
  note_case("by selection", problem);
  const std::string wrong = fill.wrong_after_fill();
  CHECK_MESSAGE(wrong.empty(), wrong << " at batch size " << batch_size);
  return decided(fill.problem(), &fill.outputs());
}

}  // namespace

TEST_CASE("selection changes its mind at a batch size, and the answer stays the reference's") {
  for (const step_kind kind : {step_kind{NSAMETA_DECODE, 0}, step_kind{NSAMETA_DRAFT_EXTEND, 4}}) {
    const std::int64_t size = threshold(kind);
    MESSAGE(std::string(harness::mode_name(kind.mode)), ": ", decided_for_size(kind, size), " from batch size ", size,
            " on, ", decided_for_size(kind, size - 1), " below");
    const std::string below = fill_and_compare(kind, size - 1);
    const std::string at = fill_and_compare(kind, size);
    CHECK(below == decided_for_size(kind, 1));
    CHECK(at != below);
    CHECK(fill_and_compare(kind, size + 1) == at);
  }
}

}  // namespace nsameta::test

TEST_SUITE_END();
