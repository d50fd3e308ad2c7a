#include "parity.h"

#include "harness/compare.h"
#include "harness/fault_note.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "tested_backend.h"

namespace nsameta::matrix {

using harness::check;

expectation::expectation(const harness::generated_case& tested, harness::guard kind)
    : answer_(harness::place_of("reference"), tested.layout, kind) {
  harness::input_buffers inputs(harness::place_of("reference"), kind);
  inputs.upload(tested.problem);
  note_case("reference", tested);
  const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  check(nsameta_fill_on("reference", &inputs.view(), &answer_.view(), &host));
}

std::optional<std::string> expectation::wrong_with(harness::output_buffers& outputs,
                                                   const harness::input_buffers& inputs) {
  if (const auto found = harness::compare(outputs.read_back(), answer_.read_back())) return to_string(*found);
  if (const auto damage = outputs.damaged_guard()) return damage;
  if (const auto input = inputs.changed()) return "wrote to its input " + *input;
  return std::nullopt;
}

std::string wrong_decision(const nsameta_problem& problem, const nsameta_outputs& outputs,
                           const nsameta_target& target) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  check(nsameta_explain(&problem, &outputs, &target, &decision));
  const tested_backend& expected = tested();
  if (decision.backend == expected.place.backend && decision.device == expected.place.index && decision.staged == 0 &&
      (expected.variant.empty() || decision.variant == expected.variant) && decision.override_text == expected.spec)
    return "";
  return "decided for " + std::string(decision.backend) + ":" + std::to_string(decision.device) + "/" +
         decision.variant + (decision.staged ? ", staged" : "") + " under override '" + decision.override_text + "'";
}

std::string check_case(const harness::generated_case& tested_case) {
  const harness::device_place& place = tested().place;
  const nsameta_target target = place.target();
  const harness::guard kind = harness::pages_in_turn();
  harness::input_buffers inputs(place, kind);
  inputs.upload(tested_case.problem);
  harness::output_buffers outputs(place, tested_case.layout, kind);
  note_case(tested().spec, tested_case);
  if (std::string wrong = wrong_decision(inputs.view(), outputs.view(), target); !wrong.empty()) return wrong;
  check(nsameta_fill(&inputs.view(), &outputs.view(), &target));
  check(nsameta_device_synchronize(place.backend.c_str(), place.index, nullptr));
  return expectation(tested_case, kind).wrong_with(outputs, inputs).value_or("");
}

std::string reproduce(const harness::generated_case& tested_case) {
  const harness::problem_data& problem = tested_case.problem;
  const bool is_short = problem.batch_size() <= 200 && problem.req_to_token.memory.size() <= 200;
  return describe(tested_case.recipe) + ", seed " + std::to_string(tested_case.recipe.seed) + "\n" +
         (is_short ? harness::problem_to_json(problem).dump()
                   : harness::mode_name(problem.mode) + std::string(" of ") + std::to_string(problem.batch_size()));
}

void note_case(const std::string& backend, const harness::generated_case& tested_case) {
  harness::note_for_faults(backend + ": " + reproduce(tested_case));
}

}  // namespace nsameta::matrix
