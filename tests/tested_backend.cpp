#include "tested_backend.h"

#include <doctest/doctest.h>

#include <span>

#include "fixture.h"
#include "harness/library_error.h"
#include "nsameta/device.h"

namespace nsameta::test {
namespace {
tested_backend forced;
std::span<char*> command_line;
}  // namespace

const tested_backend& tested() { return forced; }

void keep_options(int argc, char** argv) { command_line = std::span(argv, static_cast<std::size_t>(argc)); }

std::string option(std::string_view name, const std::string& otherwise) {
  const std::string begin = "--" + std::string(name) + "=";
  for (const std::string_view word : command_line)
    if (word.starts_with(begin)) return std::string(word.substr(begin.size()));
  return otherwise;
}

std::string force_backend(const std::string& spec) {
  const std::size_t slash = spec.find('/');
  forced = {spec, harness::place_of(spec == "auto" ? "cpu" : spec),
            slash == std::string::npos ? "" : spec.substr(slash + 1)};
  harness::check(nsameta_set_override(spec.c_str()));
  if (spec == "auto") return "";
  for (const nsameta_backend_info& info : harness::list_backends()) {
    if (forced.place.backend != info.name) continue;
    if (info.state != NSAMETA_BACKEND_READY) return info.reason;
    if (forced.place.index >= info.device_count) return "there are " + std::to_string(info.device_count) + " devices";
    return "";
  }
  return "no such backend";
}

void synchronize() {
  harness::check(nsameta_device_synchronize(forced.place.backend.c_str(), forced.place.index, nullptr));
}

std::string wrong_decision(const nsameta_problem& problem, const nsameta_outputs& outputs,
                           const nsameta_target& target) {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  harness::check(nsameta_explain(&problem, &outputs, &target, &decision));
  if (decision.backend == forced.place.backend && decision.device == forced.place.index && decision.staged == 0 &&
      (forced.variant.empty() || decision.variant == forced.variant) && decision.override_text == forced.spec)
    return "";
  return "decided for " + std::string(decision.backend) + ":" + std::to_string(decision.device) + "/" +
         decision.variant + (decision.staged ? ", staged" : "") + " under override '" + decision.override_text + "'";
}

void check_equal(const harness::generated_case& tested_case) {
  const nsameta_target target = forced.place.target();
  filling fill(tested_case, forced.place, harness::pages_in_turn());
  note_case(forced.spec, tested_case.problem, tested_case.recipe);
  std::string wrong = wrong_decision(fill.problem(), fill.outputs(), target);
  if (wrong.empty()) {
    harness::check(nsameta_fill(&fill.problem(), &fill.outputs(), &target));
    synchronize();
    wrong = fill.wrong();
  }
  CHECK_MESSAGE(wrong.empty(), wrong << "\n" << reproduce(tested_case.problem, tested_case.recipe));
}

}  // namespace nsameta::test
