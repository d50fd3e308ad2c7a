#include "recorded_fill.h"

#include "harness/digest.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "parity/parity.h"
#include "parity/tested_backend.h"

namespace nsameta::replays {
namespace {

using harness::check;
using matrix::tested;

std::deque<harness::output_buffers> make_sets(const harness::device_place& place,
                                              const std::vector<harness::output_layout>& layouts) {
  std::deque<harness::output_buffers> sets;
  for (const harness::output_layout& layout : layouts) sets.emplace_back(place, layout);
  return sets;
}

bool same_addresses(const nsameta_problem& a, const nsameta_problem& b) {
  return a.seq_lens.data == b.seq_lens.data && a.extend_seq_lens.data == b.extend_seq_lens.data &&
         a.req_pool_indices.data == b.req_pool_indices.data && a.req_to_token.data == b.req_to_token.data;
}

}  // namespace

recorded_fill::recorded_fill(const fill_kind& kind, nsameta_mode mode, std::int64_t steps)
    : kind_(kind),
      full_(full_problem(kind, mode)),
      problem_(full_),
      layouts_(layouts_for(kind, full_)),
      inputs_(tested().place),
      sets_(make_sets(tested().place, layouts_)),
      expected_(make_sets(harness::place_of("reference"), layouts_)) {
  for (const harness::output_buffers& set : sets_) views_.push_back(set.view());
  inputs_.upload(problem_);
  captured_ = inputs_.view();
  for (std::int64_t number = 0; number < steps; ++number) {
    steps_.push_back(step_of(kind, full_, number, steps));
    set_step(number);
    digests_.push_back(reference_digest());
  }
}

std::string recorded_fill::name() const { return std::string(kind_.name) + " in " + harness::mode_name(problem_.mode); }

planned_launch recorded_fill::plan() const {
  const nsameta_target target = tested().place.target();
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  check(nsameta_explain(&captured_, views_.data(), &target, &decision));
  return plan_launch(captured_, views_.data(), kind_.with.chained ? 1 : kind_.with.sets, decision);
}

nsameta_status recorded_fill::issue(void* stream) const {
  nsameta_target target = tested().place.target();
  target.stream = stream;
  if (!kind_.with.chained) return nsameta_fill_many(&captured_, views_.data(), kind_.with.sets, &target);
  target.flags = NSAMETA_TARGET_OVERLAP;
  for (const nsameta_outputs& set : views_)
    if (const nsameta_status status = nsameta_fill(&captured_, &set, &target); status != NSAMETA_OK) return status;
  return NSAMETA_OK;
}

void recorded_fill::record(const device_stream& stream) {
  graph_ = capture(stream, [&] { check(issue(stream.get())); });
  stream_ = &stream;
}

std::string recorded_fill::replay(std::int64_t number) {
  number %= std::ssize(steps_);
  set_step(number);
  inputs_.upload(problem_);
  if (!same_addresses(inputs_.view(), captured_)) return "the inputs have moved";
  for (harness::output_buffers& set : sets_) set.reset();
  launch(*graph_, *stream_);
  stream_->from().synchronize(stream_->get());
  const std::uint64_t digest = digest_of(sets_);
  for (const harness::output_buffers& set : sets_)
    if (const auto damage = set.damaged_guard()) return "step " + std::to_string(number) + ": " + *damage;
  if (digest == digests_[static_cast<std::size_t>(number)]) return "";
  return "step " + std::to_string(number) + ": " + explain_difference();
}

std::string recorded_fill::written_by(const device_graph& graph, const device_stream& stream) {
  for (harness::output_buffers& set : sets_) set.reset();
  for (harness::output_buffers& set : expected_) set.reset();
  launch(graph, stream);
  stream.from().synchronize(stream.get());
  return digest_of(sets_) == digest_of(expected_) ? "" : "an output";
}

void recorded_fill::set_step(std::int64_t number) {
  const length_step& step = steps_[static_cast<std::size_t>(number)];
  problem_.seq_lens = step.seq_lens;
  problem_.extend_seq_lens = step.extend_seq_lens;
  problem_.req_pool_indices = step.req_pool_indices;
}

std::uint64_t recorded_fill::digest_of(std::deque<harness::output_buffers>& sets) const {
  harness::digest sum;
  for (harness::output_buffers& set : sets) sum.add_whole(set.read_back());
  return sum.value();
}

std::uint64_t recorded_fill::reference_digest() {
  const nsameta_problem problem = problem_.view();
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  for (harness::output_buffers& set : expected_) {
    set.reset();
    check(nsameta_fill_on("reference", &problem, &set.view(), &host));
  }
  return digest_of(expected_);
}

/// Of the step that problem_ holds.
std::string recorded_fill::explain_difference() {
  for (std::size_t set = 0; set < layouts_.size(); ++set) {
    matrix::expectation expected({{}, problem_, layouts_[set]});
    if (const auto wrong = expected.wrong_with(sets_[set], inputs_))
      return "set " + std::to_string(set) + ": " + *wrong;
  }
  return "another digest of equal outputs";
}

}  // namespace nsameta::replays
