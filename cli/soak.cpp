/// nsameta soak: random problems over all usable backends for as long as is wanted, what the process holds watched.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "harness/backend_name.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "messages.h"
#include "parity_record.h"
#include "progress_bar.h"
#include "resources.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

struct soak_result {
  std::vector<parity_record> records;
  resource_watch watch;
  double minutes = 0;
  std::uint64_t cases = 0;

  template <class Count>
  std::uint64_t sum(Count count) const {
    std::uint64_t total = 0;
    for (const parity_record& record : records) total += record.*count;
    return total;
  }
  std::uint64_t executions() const { return sum(&parity_record::cases); }
  std::uint64_t mismatches() const { return sum(&parity_record::mismatches); }
};

/// Every other case is replayed from a graph where there are such, so that streams and graphs come and go too.
void run_round(std::vector<parity_record>& records, const soak_options& options, std::uint64_t number) {
  for (parity_record& record : records) {
    const bool captured = number % 2 == 1 && harness::place_of(record.tested.name).has_graphs();
    run_case(record, options.seed, number, captured ? harness::issue::from_graph : harness::issue::at_once);
  }
}

/// A fifth of the time to warm up, then the quarters that are watched; at least one round each.
void run_rounds(soak_result& result, const soak_options& options) {
  constexpr std::size_t phases = resource_watch::quarters + 1;
  progress_bar bar;
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t phase = 0; phase < phases; ++phase) {
    const double end = options.minutes * static_cast<double>(phase + 1) / phases;
    do {
      if (!any_usable(result.records)) return;
      bar.show(result.minutes / options.minutes);
      run_round(result.records, options, result.cases++);
      if (phase > 0) result.watch.sample(phase - 1);
      result.minutes = std::chrono::duration<double, std::ratio<60>>(std::chrono::steady_clock::now() - begin).count();
    } while (result.minutes < end);
  }
}

void warm_up(const std::vector<parity_record>& records) {
  for (const parity_record& record : records) {
    if (!record.tested.not_run.empty()) continue;
    const nsameta_target target = harness::place_of(record.tested.name).target();
    harness::check(nsameta_warmup(&target));
  }
}

std::string repeat_command(const parity_record& record, const soak_options& options) {
  return "nsameta soak --seed " + std::to_string(options.seed) + " --case " + std::to_string(record.first_number) +
         " --backends " + record.tested.name;
}

std::string shown(const resource& kind, std::int64_t amount) {
  const bool bytes = std::string_view(kind.name).ends_with("bytes");
  return bytes ? fixed(static_cast<double>(amount) / 1024, 0) + " KiB" : std::to_string(amount);
}

/// How many resources leaked.
std::size_t count_leaks(const resource_watch& watch) {
  std::size_t leaks = 0;
  for (std::size_t which = 0; which < resources().size(); ++which) leaks += watch.leaks(which);
  return leaks;
}

bool was_watched(const soak_result& result, const soak_options& options) {
  return !options.only_case && result.executions() > 0;
}

void print_text(const soak_result& result, const soak_options& options) {
  text_table backends({"backend", ">executions", ">mismatches", "not run because"});
  for (const parity_record& record : result.records)
    backends.add_row(
        {record.tested.name, std::to_string(record.cases), std::to_string(record.mismatches), record.tested.not_run});
  backends.print(std::cout);
  if (was_watched(result, options)) {
    std::cout << "\nLeast in use in each quarter of the time after the warm-up:\n";
    text_table watched({"resource", ">first", ">second", ">third", ">last", ">allowed growth", "verdict"});
    for (std::size_t which = 0; which < resources().size(); ++which) {
      const resource& kind = resources()[which];
      std::vector<std::string> cells{kind.name};
      for (const std::int64_t amount : result.watch.least(which)) cells.push_back(shown(kind, amount));
      cells.insert(cells.end(), {shown(kind, kind.allowed), result.watch.leaks(which) ? "leak" : "steady"});
      watched.add_row(cells);
    }
    watched.print(std::cout);
  }
  std::cout << "\nseed " << options.seed << ", " << result.cases << " cases, " << fixed(result.minutes, 2)
            << " minutes: " << result.executions() << " executions, " << result.mismatches() << " mismatches, "
            << count_leaks(result.watch) << " leaks\n";
  for (const parity_record& record : result.records) {
    if (!record.first_failure) continue;
    const failure_report report = report_failure(record);
    complain(report.text);
    std::cerr << "Again: " << repeat_command(record, options) << '\n';
    std::cout << report.problem << '\n';
  }
}

void print_json(const soak_result& result, const soak_options& options) {
  harness::json object{{"seed", options.seed},
                       {"minutes", result.minutes},
                       {"cases", result.cases},
                       {"executions", result.executions()},
                       {"mismatches", result.mismatches()},
                       {"leaks", count_leaks(result.watch)},
                       {"backends", harness::json::array()},
                       {"resources", harness::json::array()}};
  for (const parity_record& record : result.records) {
    harness::json backend{{"name", record.tested.name},
                          {"executions", record.cases},
                          {"mismatches", record.mismatches},
                          {"not_run", record.tested.not_run}};
    if (record.first_failure) {
      const failure_report report = report_failure(record);
      backend["failure"] = {{"what", report.text},
                            {"again", repeat_command(record, options)},
                            {"problem", harness::json::parse(report.problem)}};
    }
    object["backends"].push_back(backend);
  }
  for (std::size_t which = 0; which < resources().size() && was_watched(result, options); ++which)
    object["resources"].push_back({{"name", resources()[which].name},
                                   {"least", result.watch.least(which)},
                                   {"allowed_growth", resources()[which].allowed},
                                   {"leaks", result.watch.leaks(which)}});
  std::cout << json_text(object) << '\n';
}

}  // namespace

int run_soak(const soak_options& options) {
  soak_result result;
  for (const candidate& tested : list_candidates(options.backends)) result.records.push_back({.tested = tested});
  warm_up(result.records);
  if (options.only_case) {
    run_round(result.records, options, *options.only_case);
    result.cases = 1;
  } else {
    run_rounds(result, options);
  }
  (options.json ? print_json : print_text)(result, options);
  const bool named_is_missing = complain_of_missing(result.records, options.backends);
  if (result.mismatches() > 0) return mismatch;
  if (count_leaks(result.watch) > 0) return failed;
  return named_is_missing || result.executions() == 0 ? unavailable : success;
}

}  // namespace nsameta::cli
