// Raw tokens over prefills, drafts and rejections: each that a later entry is made from waits where the plans say.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fixture.h"
#include "harness/library_error.h"
#include "harness/output_layout.h"
#include "harness/random.h"
#include "plans.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

constexpr std::int32_t ratio = 4, window = 2 * ratio, ring = 16, requests = 12;
constexpr std::int64_t drafts = ring - window + 2;  // as many as the ring keeps

std::vector<nsameta_plan> plans() {
  std::vector<nsameta_plan> both;
  for (const nsameta_plan_kind kind : {NSAMETA_PLAN_STATE_COMPRESS, NSAMETA_PLAN_STATE_WRITE}) {
    both.push_back(harness::usual_plan(kind));
    both.back().ratio = ratio;
    both.back().ring = ring;
    both.back().overlap = 1;
  }
  return both;
}

/// Requests whose accepted tokens have numbers, and the state, whose slots hold such.
class engine {
 public:
  engine() : accepted_(requests), state_(std::size_t{requests} * ring, -1) {}

  harness::problem_data step(nsameta_mode mode, const std::vector<std::int64_t>& tokens) const {
    harness::problem_data problem;
    std::vector<std::int64_t> lengths, slots;
    for (std::size_t r = 0; r < accepted_.size(); ++r) {
      lengths.push_back(std::ssize(accepted_[r]) + (mode == NSAMETA_EXTEND ? tokens[r] : 0));
      slots.push_back(static_cast<std::int64_t>(accepted_.size() - 1 - r));
    }
    problem.mode = mode;
    problem.seq_lens = harness::strided_values(lengths);
    if (mode == NSAMETA_EXTEND)
      problem.extend_seq_lens = harness::strided_values(tokens);
    else
      problem.uniform_extend_len = tokens[0];
    problem.req_pool_indices = harness::strided_values(slots);
    problem.req_to_token.slots = requests;
    problem.req_to_token.width = problem.req_to_token.row_stride = 1;
    problem.req_to_token.memory.resize(requests);
    return problem;
  }

  /// Reads and writes as the plans of a step say, of which the requests accept the first `kept` tokens each.
  void run(const nsameta_outputs& answer, const std::vector<std::int64_t>& tokens,
           const std::vector<std::int64_t>& kept) {
    std::vector<std::size_t> request_of_row;
    std::vector<std::int64_t> number_of_row;
    for (std::size_t r = 0; r < tokens.size(); ++r)
      for (std::int64_t j = 0; j < tokens[r]; ++j) {
        request_of_row.push_back(r);
        number_of_row.push_back(next_++);
      }
    const auto* const entries = static_cast<const std::int32_t*>(answer.plans[0].buffers[1].data);
    for (std::int32_t i = 0; i < *static_cast<const std::int32_t*>(answer.plans[0].buffers[0].data); ++i)
      read_entry(entries + 4 * i, request_of_row);
    const auto* const writes = static_cast<const std::int32_t*>(answer.plans[1].buffers[1].data);
    for (std::int32_t i = 0; i < *static_cast<const std::int32_t*>(answer.plans[1].buffers[0].data); ++i)
      state_[static_cast<std::size_t>(writes[2 * i + 1])] = number_of_row[static_cast<std::size_t>(writes[2 * i])];
    std::size_t row = 0;
    for (std::size_t r = 0; r < tokens.size(); row += static_cast<std::size_t>(tokens[r++]))
      for (std::int64_t j = 0; j < kept[r]; ++j)
        accepted_[r].push_back(number_of_row[row + static_cast<std::size_t>(j)]);
  }

  std::int64_t reads() const { return reads_; }
  std::int64_t lost() const { return lost_; }

 private:
  void read_entry(const std::int32_t* entry, const std::vector<std::size_t>& request_of_row) {
    const std::int32_t v = entry[0], row = entry[1] & 0xffff, earlier = entry[1] >> 16;
    const std::vector<std::int64_t>& tokens = accepted_[request_of_row[static_cast<std::size_t>(row)]];
    for (std::int32_t position = std::max(v - window, 0); position < v - window + earlier; ++position) {
      const std::int32_t page = position < v - ratio ? entry[2] : entry[3];
      const std::int64_t found = state_[static_cast<std::size_t>(page * ratio + position % ratio)];
      lost_ += found != tokens[static_cast<std::size_t>(position)];
      ++reads_;
    }
    if (earlier > 0) CHECK(v - window + earlier == std::ssize(tokens));  // what precedes the step has been accepted
  }

  std::vector<std::vector<std::int64_t>> accepted_;
  std::vector<std::int64_t> state_;
  std::int64_t next_ = 0, reads_ = 0, lost_ = 0;
};

TEST_CASE("no raw token that a later entry is made from is lost, whatever is rejected") {
  engine simulated;
  harness::random_source random(19);
  while (simulated.reads() < 20'000) {
    const bool is_prefill = random.chance(15);
    const std::int64_t each = random.chance(50) ? drafts : random.between(1, drafts);
    std::vector<std::int64_t> tokens(requests, each), kept(requests);
    for (std::size_t r = 0; r < tokens.size(); ++r) {
      if (is_prefill) tokens[r] = random.between(0, 40);
      kept[r] = is_prefill ? tokens[r] : random.between(1, each);  // a verify accepts its first token
    }
    const harness::problem_data problem = simulated.step(is_prefill ? NSAMETA_EXTEND : NSAMETA_TARGET_VERIFY, tokens);
    harness::output_layout layout;
    layout.ask_for_plans(plans(), problem);
    filling fill(problem, {layout}, tested().place);
    const nsameta_target target = tested().place.target();
    harness::check(nsameta_fill(&fill.problem(), &fill.outputs(), &target));
    simulated.run(fill.read_back(), tokens, kept);
  }
  CHECK(simulated.lost() == 0);
}

TEST_CASE("a draft that a ring cannot keep is refused") {
  const engine simulated;
  const harness::problem_data problem =
      simulated.step(NSAMETA_TARGET_VERIFY, std::vector<std::int64_t>(requests, drafts + 1));
  harness::output_layout layout;
  layout.ask_for_plans(plans(), problem);
  filling fill(problem, {layout}, tested().place);
  const nsameta_target target = tested().place.target();
  const nsameta_status status = nsameta_fill(&fill.problem(), &fill.outputs(), &target);
  CHECK(unless_refused("nsameta_fill", status, NSAMETA_INVALID_ARGUMENT, "draft_exceeds_ring") == "");
}

}  // namespace
}  // namespace nsameta::test

TEST_SUITE_END();
