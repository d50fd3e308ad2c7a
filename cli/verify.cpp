/// nsameta verify: every usable backend against the reference, on generated problems.
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "harness/backend_name.h"
#include "harness/generator.h"
#include "harness/library_error.h"
#include "harness/nearest_name.h"
#include "harness/parity.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

struct verify_options {
  std::string backends;
  std::string required;
  std::uint64_t cases = 500;
  std::uint64_t seed = 1;
};

/// One backend's device, or a backend that cannot run.
struct candidate {
  std::string name;     ///< "simt:1"
  std::string not_run;  ///< the reason; "" when it can run
};

struct outcome {
  candidate tested;
  std::uint64_t cases = 0;
  std::uint64_t mismatches = 0;
  std::optional<harness::generated_case> first_failure;
  std::string first_difference;
};

void add_devices(std::vector<candidate>& candidates, const nsameta_backend_info& backend) {
  if (backend.state != NSAMETA_BACKEND_READY) {
    candidates.push_back({backend.name, backend.reason});
  } else if (backend.device_count == 1) {
    candidates.push_back({backend.name, ""});
  } else {
    for (std::int32_t i = 0; i < backend.device_count; ++i)
      candidates.push_back({std::string(backend.name) + ":" + std::to_string(i), ""});
  }
}

const nsameta_backend_info& find_backend(const std::vector<nsameta_backend_info>& backends, const std::string& entry) {
  const std::string name = harness::place_of(entry).backend;
  const auto found =
      std::find_if(backends.begin(), backends.end(), [&](const nsameta_backend_info& b) { return b.name == name; });
  if (found != backends.end()) return *found;
  std::vector<std::string_view> names;
  for (const nsameta_backend_info& backend : backends) names.push_back(backend.name);
  const std::string nearest = harness::nearest_name(name, names);
  throw CLI::ValidationError("\"" + entry + "\" is no backend" +
                             (nearest.empty() ? "" : "; did you mean \"" + nearest + "\"?") + " Valid are " +
                             harness::join_names(names));
}

/// Throws library_error when the index or the variant of `entry` is none of its backend's.
void require_existing(const std::string& entry) {
  const harness::problem_data empty;
  const nsameta_problem problem = empty.view();
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  const nsameta_target target = harness::place_of(entry).target();
  harness::check(nsameta_fill_on(entry.c_str(), &problem, &outputs, &target));
}

/// Every device of the listed backends; of all but the oracle itself when nothing is listed.
std::vector<candidate> list_candidates(const std::string& list) {
  const auto backends = harness::list_backends();
  std::vector<candidate> candidates;
  if (list.empty())
    for (const nsameta_backend_info& backend : backends)
      if (std::string_view(backend.name) != "reference") add_devices(candidates, backend);
  for (const std::string& entry : harness::split_list(list)) {
    const nsameta_backend_info& backend = find_backend(backends, entry);
    if (entry == backend.name || backend.state != NSAMETA_BACKEND_READY) {
      add_devices(candidates, backend);
    } else {
      require_existing(entry);
      candidates.push_back({entry, ""});
    }
  }
  return candidates;
}

outcome verify_one(const candidate& tested, const verify_options& options) {
  outcome result{tested, 0, 0, {}, ""};
  if (!tested.not_run.empty()) return result;
  try {
    for (; result.cases < options.cases; ++result.cases) {
      const auto generated = harness::build_case(harness::draw_recipe(options.seed, result.cases));
      const auto fault = harness::check_parity(generated, tested.name);
      if (fault && ++result.mismatches == 1) {
        result.first_failure = generated;
        result.first_difference = *fault;
      }
    }
  } catch (const harness::library_error& error) {
    result.tested.not_run = error.what();
  }
  return result;
}

void print_failure(const outcome& result) {
  const harness::generated_case smallest = harness::shrink(*result.first_failure, result.tested.name);
  std::cerr << result.tested.name << ": " << result.first_difference << " (" << describe(smallest.recipe) << ")\n";
  std::cout << harness::problem_to_json(smallest.problem).dump() << '\n';
}

int verify(const verify_options& options) {
  std::vector<outcome> outcomes;
  const auto required = harness::split_list(options.required);
  const auto backends = harness::list_backends();
  for (const std::string& name : required) find_backend(backends, name);
  for (const candidate& tested : list_candidates(options.backends)) outcomes.push_back(verify_one(tested, options));

  text_table table({"backend", ">cases", ">mismatches", "not run because"});
  for (const outcome& result : outcomes)
    table.add_row(
        {result.tested.name, std::to_string(result.cases), std::to_string(result.mismatches), result.tested.not_run});
  table.print(std::cout);

  int code = success;
  for (const std::string& name : required) {
    const bool ran = std::any_of(outcomes.begin(), outcomes.end(), [&](const outcome& result) {
      const bool same = result.tested.name == name || harness::place_of(result.tested.name).backend == name;
      return same && result.tested.not_run.empty();
    });
    if (!ran) {
      std::cerr << "nsameta: --require: " << name << " did not run\n";
      code = unavailable;
    }
  }
  for (const outcome& result : outcomes) {
    if (!result.first_failure) continue;
    print_failure(result);
    code = mismatch;
  }
  return code;
}

}  // namespace

void add_verify(CLI::App& app, int& result) {
  auto options = std::make_shared<verify_options>();
  CLI::App* command = app.add_subcommand("verify", "Holds every usable backend against the reference, bit for bit");
  command->add_option("--backends", options->backends, "Which: name[:index][/variant], comma-separated; default all")
      ->type_name("LIST");
  command->add_option("--cases", options->cases, "Generated problems per backend")
      ->check(CLI::Range(1, 1 << 30))  // as a signed number: -1 would count to 2^64
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Decides the problems")->capture_default_str();
  command->add_option("--require", options->required, "Backends whose absence is an error (exit 3)")
      ->type_name("LIST")
      ->envname("NSAMETA_REQUIRE");
  command->footer(
      "A mismatch prints its problem as the last line of standard output, made small, in the form that `nsameta fill` "
      "takes, and exits 1.");
  command->callback([options, &result] { result = verify(*options); });
}

}  // namespace nsameta::cli
