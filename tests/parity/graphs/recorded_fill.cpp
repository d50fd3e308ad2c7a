#include "recorded_fill.h"

#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "tested_backend.h"

namespace nsameta::test {
namespace {

using harness::check;

bool same_addresses(const nsameta_problem& a, const nsameta_problem& b) {
  return a.seq_lens.data == b.seq_lens.data && a.extend_seq_lens.data == b.extend_seq_lens.data &&
         a.req_pool_indices.data == b.req_pool_indices.data && a.req_to_token.data == b.req_to_token.data;
}

}  // namespace

recorded_fill::recorded_fill(const fill_kind& kind, nsameta_mode mode, std::int64_t steps)
    : kind_(kind),
      full_(full_problem(kind, mode)),
      problem_(full_),
      device_(full_, layouts_for(kind, full_), tested().place),
      reference_(full_, layouts_for(kind, full_)) {
  captured_ = device_.problem();
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
  check(nsameta_explain(&captured_, device_.sets().data(), &target, &decision));
  return plan_launch(captured_, device_.sets().data(), kind_.with.chained ? 1 : kind_.with.sets, decision);
}

nsameta_status recorded_fill::issue(void* stream) const {
  nsameta_target target = tested().place.target();
  target.stream = stream;
  if (!kind_.with.chained) {
    target.flags = NSAMETA_TARGET_NO_OVERLAP;
    return nsameta_fill_many(&captured_, device_.sets().data(), kind_.with.sets, &target);
  }
  for (const nsameta_outputs& set : device_.sets())
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
  device_.upload(problem_);
  if (!same_addresses(device_.problem(), captured_)) return "the inputs have moved";
  device_.reset();
  launch(*graph_, *stream_);
  stream_->from().synchronize(stream_->get());
  std::string wrong;
  if (device_.digest() != digests_[static_cast<std::size_t>(number)]) {
    wrong = device_.wrong();
    if (wrong.empty()) wrong = "another digest of equal outputs";
  } else {
    wrong = device_.damaged_guard();
  }
  return wrong.empty() ? "" : "step " + std::to_string(number) + ": " + wrong;
}

std::string recorded_fill::written_by(const device_graph& graph, const device_stream& stream) {
  device_.reset();
  reference_.reset();
  launch(graph, stream);
  stream.from().synchronize(stream.get());
  return device_.digest() == reference_.digest() ? "" : "an output";
}

void recorded_fill::set_step(std::int64_t number) {
  const length_step& step = steps_[static_cast<std::size_t>(number)];
  problem_.seq_lens = step.seq_lens;
  problem_.extend_seq_lens = step.extend_seq_lens;
  problem_.req_pool_indices = step.req_pool_indices;
}

std::uint64_t recorded_fill::reference_digest() {
  reference_.upload(problem_);
  reference_.reset();
  for (const nsameta_outputs& set : reference_.sets())
    check(nsameta_fill_on("reference", &reference_.problem(), &set, &on_host));
  return reference_.digest();
}

}  // namespace nsameta::test
