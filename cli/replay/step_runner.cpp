#include "replay/step_runner.h"

#include <chrono>

#include "harness/compare.h"
#include "harness/library_error.h"
#include "nsameta/device.h"

namespace nsameta::cli {
namespace {

harness::output_layout layout_for(std::int64_t max_batch, std::int64_t max_rows) {
  harness::output_layout layout;
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    layout.vectors[i] = {true, element_count(vector_fields[i].size, max_batch, max_rows), NSAMETA_INT32, 0};
  return layout;
}

harness::problem_data problem_of(const engine_step& step, std::int64_t draft_tokens) {
  harness::problem_data problem;
  problem.mode = step.mode;
  problem.seq_lens = harness::strided_values(step.seq_lens);
  if (step.mode == NSAMETA_DRAFT_EXTEND || step.mode == NSAMETA_EXTEND)
    problem.extend_seq_lens = harness::strided_values(step.query_lens);
  if (step.mode == NSAMETA_TARGET_VERIFY) problem.uniform_extend_len = draft_tokens;
  return problem;
}

std::string kernel_name(const nsameta_problem& problem, const nsameta_outputs& outputs, const nsameta_target& target) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  harness::check(nsameta_explain(&problem, &outputs, &target, &decision));
  const std::string device = decision.device != 0 ? ":" + std::to_string(decision.device) : "";
  return decision.backend + device + "/" + decision.variant + (decision.staged != 0 ? " (staged)" : "");
}

}  // namespace

step_runner::step_runner(const harness::device_place& place, std::int64_t max_batch, std::int64_t max_rows, bool check)
    : place_(place), target_(place.target()), tested_(place, layout_for(max_batch, max_rows)) {
  if (check) reference_.emplace(harness::place_of("reference"), layout_for(max_batch, max_rows));
  harness::check(nsameta_warmup(&target_));
}

step_result step_runner::run(const engine_step& step, std::int64_t draft_tokens) {
  const harness::problem_data problem = problem_of(step, draft_tokens);
  tested_.inputs.upload(problem);
  const nsameta_outputs outputs = harness::applicable_view(tested_.outputs.view(), problem);

  step_result result;
  result.kernel = kernel_name(tested_.inputs.view(), outputs, target_);
  result.microseconds = timed_fill(tested_.inputs.view(), outputs);

  const harness::live_shape shape = harness::live_shape_of(problem);
  const nsameta_outputs answer = harness::applicable_view(tested_.outputs.read_back(), problem);
  sum_.add(harness::live_view(answer, shape));
  if (reference_) result.difference = compare_with_reference(problem, shape);
  return result;
}

double step_runner::timed_fill(const nsameta_problem& problem, const nsameta_outputs& outputs) const {
  const auto start = std::chrono::steady_clock::now();
  harness::check(nsameta_fill(&problem, &outputs, &target_));
  if (!place_.on_host()) harness::check(nsameta_device_synchronize(place_.backend.c_str(), place_.index, nullptr));
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

std::optional<std::string> step_runner::compare_with_reference(const harness::problem_data& problem,
                                                               const harness::live_shape& shape) {
  reference_->inputs.upload(problem);
  const nsameta_outputs outputs = harness::applicable_view(reference_->outputs.view(), problem);
  const nsameta_target host = harness::place_of("reference").target();
  harness::check(nsameta_fill_on("reference", &reference_->inputs.view(), &outputs, &host));

  const nsameta_outputs answer = harness::applicable_view(tested_.outputs.read_back(), problem);
  const auto found = harness::compare(harness::live_view(answer, shape), harness::live_view(outputs, shape));
  if (!found) return std::nullopt;
  return harness::to_string(*found);
}

std::optional<std::string> step_runner::damage() {
  const nsameta_outputs& answer = tested_.outputs.read_back();
  if (const auto guard = tested_.outputs.damaged_guard()) return guard;
  if (const auto input = tested_.inputs.changed()) return "wrote to its input " + *input;
  // Both sides have seen the same steps, so what no step made live must agree as well.
  if (reference_)
    if (const auto found = harness::compare(answer, reference_->outputs.read_back())) return harness::to_string(*found);
  return std::nullopt;
}

}  // namespace nsameta::cli
