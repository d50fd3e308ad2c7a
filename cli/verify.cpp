/// nsameta verify: every usable backend against the reference, on generated problems.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "commands.h"
#include "harness/backend_name.h"
#include "parity_record.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

void print_failure(const parity_record& record) {
  const failure_report report = report_failure(record);
  std::cerr << report.text << '\n';
  std::cout << report.problem << '\n';
}

}  // namespace

int run_verify(const verify_options& options) {
  std::vector<parity_record> outcomes;
  const auto required = harness::split_list(options.required);
  const auto backends = harness::list_backends();
  for (const std::string& name : required) find_backend(backends, name);
  for (const candidate& tested : list_candidates(options.backends)) {
    parity_record& record = outcomes.emplace_back(parity_record{.tested = tested});
    for (std::uint64_t number = 0; number < options.cases; ++number) run_case(record, options.seed, number);
  }

  text_table table({"backend", ">cases", ">mismatches", "not run because"});
  for (const parity_record& result : outcomes)
    table.add_row(
        {result.tested.name, std::to_string(result.cases), std::to_string(result.mismatches), result.tested.not_run});
  table.print(std::cout);

  int code = success;
  for (const std::string& name : required) {
    const bool ran = std::any_of(outcomes.begin(), outcomes.end(), [&](const parity_record& result) {
      const bool same = result.tested.name == name || harness::place_of(result.tested.name).backend == name;
      return same && result.tested.not_run.empty();
    });
    if (!ran) {
      std::cerr << "nsameta: --require: " << name << " did not run\n";
      code = unavailable;
    }
  }
  for (const parity_record& result : outcomes) {
    if (!result.first_failure) continue;
    print_failure(result);
    code = mismatch;
  }
  return code;
}

}  // namespace nsameta::cli
