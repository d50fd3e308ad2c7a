/// nsameta verify: every usable backend against the reference, on generated problems.
#include <algorithm>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "commands.h"
#include "harness/backend_name.h"
#include "harness/problem_json.h"
#include "messages.h"
#include "parity_record.h"
#include "progress_bar.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

std::vector<parity_record> run_cases(const verify_options& options) {
  std::vector<parity_record> records;
  for (const candidate& tested : list_candidates(options.backends)) records.push_back({.tested = tested});
  const auto all = static_cast<double>(records.size()) * static_cast<double>(options.cases);
  progress_bar bar;
  double done = 0;
  for (parity_record& record : records)
    for (std::uint64_t number = 0; number < options.cases; ++number, ++done) {
      bar.show(done / all);
      run_case(record, options.seed, number);
    }
  return records;
}

/// Of the required backends, those that did not run.
std::vector<std::string> list_missing(const std::vector<parity_record>& records, const verify_options& options) {
  std::vector<std::string> missing = harness::split_list(options.required);
  std::erase_if(missing, [&](const std::string& name) {
    return std::ranges::any_of(records, [&](const parity_record& record) {
      const bool same = record.tested.name == name || harness::place_of(record.tested.name).backend == name;
      return same && record.tested.not_run.empty();
    });
  });
  return missing;
}

/// How many cases of each kind every backend ran.
text_table kinds_of(const std::vector<parity_record>& records) {
  std::vector<std::string> titles{"cases of"};
  for (const char* kind : harness::batch_kind_names) titles.push_back(std::string(">") + kind);
  text_table table(titles);
  for (const parity_record& record : records) {
    if (!record.tested.not_run.empty()) continue;
    std::vector<std::string> cells{record.tested.name};
    for (const std::uint64_t cases : record.cases_of_kind) cells.push_back(std::to_string(cases));
    table.add_row(cells);
  }
  return table;
}

/// The same by the kernel that ran them.
text_table kernels_of(const std::vector<parity_record>& records, const std::set<std::string>& names) {
  std::vector<std::string> titles{"cases run by"};
  for (const std::string& name : names) titles.push_back(">" + name);
  text_table table(titles);
  for (const parity_record& record : records) {
    if (record.cases_of_kernel.empty()) continue;
    std::vector<std::string> cells{record.tested.name};
    for (const std::string& name : names) {
      const auto found = record.cases_of_kernel.find(name);
      cells.push_back(std::to_string(found == record.cases_of_kernel.end() ? 0 : found->second));
    }
    table.add_row(cells);
  }
  return table;
}

void print_text(const std::vector<parity_record>& records, const verify_options&) {
  text_table backends({"backend", ">cases", ">mismatches", "not run because"});
  std::set<std::string> kernels;
  for (const parity_record& record : records) {
    backends.add_row(
        {record.tested.name, std::to_string(record.cases), std::to_string(record.mismatches), record.tested.not_run});
    for (const auto& [name, cases] : record.cases_of_kernel) kernels.insert(name);
  }
  backends.print(std::cout);
  if (any_usable(records)) {
    std::cout << '\n';
    kinds_of(records).print(std::cout);
  }
  if (!kernels.empty()) {
    std::cout << '\n';
    kernels_of(records, kernels).print(std::cout);
  }
  for (const parity_record& record : records) {
    if (!record.first_failure) continue;
    const failure_report report = report_failure(record);
    complain(report.text);
    std::cout << report.problem << '\n';
  }
}

void print_json(const std::vector<parity_record>& records, const verify_options& options) {
  harness::json object{{"seed", options.seed}, {"backends", harness::json::array()}};
  for (const parity_record& record : records) {
    harness::json backend{{"name", record.tested.name},
                          {"cases", record.cases},
                          {"mismatches", record.mismatches},
                          {"not_run", record.tested.not_run},
                          {"cases_of_kind", harness::json::object()},
                          {"cases_of_kernel", record.cases_of_kernel}};
    for (std::size_t kind = 0; kind < record.cases_of_kind.size(); ++kind)
      backend["cases_of_kind"][harness::batch_kind_names[kind]] = record.cases_of_kind[kind];
    if (record.first_failure) {
      const failure_report report = report_failure(record);
      backend["failure"] = {{"what", report.text}, {"problem", harness::json::parse(report.problem)}};
    }
    object["backends"].push_back(backend);
  }
  std::cout << json_text(object) << '\n';
}

}  // namespace

int run_verify(const verify_options& options) {
  const auto backends = harness::list_backends();
  for (const std::string& name : harness::split_list(options.required)) find_backend(backends, name);
  const std::vector<parity_record> records = run_cases(options);
  (options.json ? print_json : print_text)(records, options);

  const std::vector<std::string> missing = list_missing(records, options);
  for (const std::string& name : missing) complain("--require: " + name + " did not run");
  const bool named_is_missing = complain_of_missing(records, options.backends);
  if (std::ranges::any_of(records, [](const parity_record& record) { return record.mismatches > 0; })) return mismatch;
  return missing.empty() && !named_is_missing ? success : unavailable;
}

}  // namespace nsameta::cli
