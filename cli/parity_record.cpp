#include "parity_record.h"

#include <algorithm>

#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "messages.h"

namespace nsameta::cli {

void run_case(parity_record& record, std::uint64_t seed, std::uint64_t number, harness::issue how) {
  if (!record.tested.not_run.empty()) return;
  try {
    const auto generated = harness::build_case(harness::draw_case(seed, number));
    nsameta_decision decision{};
    decision.struct_size = sizeof decision;
    const auto fault = harness::check_parity(generated, record.tested.name, how, &decision);
    ++record.cases;
    if (decision.kernel[0] != '\0') ++record.cases_of_kernel[decision.kernel];
    ++record.cases_of_kind[static_cast<std::size_t>(generated.recipe.kind)];
    if (!fault || ++record.mismatches > 1) return;
    record.first_number = number;
    record.first_failure = generated;
    record.first_difference = *fault;
  } catch (const harness::library_error& error) {
    if (record.cases > 0) throw;  // what ran before has no reason to be missing now
    record.tested.not_run = error.what();
  }
}

bool any_usable(const std::vector<parity_record>& records) {
  return std::ranges::any_of(records, [](const parity_record& record) { return record.tested.not_run.empty(); });
}

bool complain_of_missing(const std::vector<parity_record>& records, const std::string& named) {
  bool missing = false;
  for (const parity_record& record : records) {
    if (named.empty() || record.tested.not_run.empty()) continue;
    complain("--backends: " + record.tested.name + " did not run: " + record.tested.not_run);
    missing = true;
  }
  return missing;
}

failure_report report_failure(const parity_record& record) {
  const harness::generated_case smallest = harness::shrink(*record.first_failure, record.tested.name);
  return {record.tested.name + ": " + record.first_difference + " (" + describe(smallest.recipe) + ")",
          harness::case_to_json(stated_by(smallest)).dump()};
}

}  // namespace nsameta::cli
