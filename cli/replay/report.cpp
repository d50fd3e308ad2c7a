#include "replay/report.h"

#include <algorithm>

#include "harness/problem_json.h"
#include "messages.h"
#include "text_table.h"

namespace nsameta::cli {
namespace {

const char* name_of(std::size_t mode) { return harness::mode_name(static_cast<nsameta_mode>(mode)); }

/// The value that `share` of all values do not exceed (nearest rank).
double quantile(std::vector<double> values, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

}  // namespace

void replay_report::add(const engine_step& step, const step_result& result) {
  mode_figures& mode = modes_[static_cast<std::size_t>(step.mode)];
  mode.requests += std::ssize(step.seq_lens);
  mode.rows += step.rows;
  mode.live_columns += result.live_columns;
  mode.microseconds.push_back(result.microseconds);
  mode.kernels.insert(result.kernel);
  if (result.difference && ++mismatches_ == 1)
    first_difference_ = "step " + std::to_string(steps_) + " (" + name_of(static_cast<std::size_t>(step.mode)) +
                        "): " + *result.difference;
  ++steps_;
}

void replay_report::print(std::ostream& out, const summary& all) const {
  out << printable(all.trace) << ", data on " << all.place << ": " << all.requests_finished << " of " << all.requests
      << " requests finished in " << fixed(all.simulated_s, 1) << " s of simulated time\n\n";
  text_table table(
      {"mode", ">steps", ">requests/step", ">rows/step", ">live columns/step", ">median us", ">p99 us", "kernels"});
  for (std::size_t m = 0; m < modes_.size(); ++m) {
    const mode_figures& mode = modes_[m];
    if (mode.microseconds.empty()) continue;
    const auto steps = static_cast<double>(mode.microseconds.size());
    std::string kernels;
    for (const std::string& kernel : mode.kernels) kernels += (kernels.empty() ? "" : ", ") + kernel;
    table.add_row(
        {name_of(m), std::to_string(mode.microseconds.size()), fixed(static_cast<double>(mode.requests) / steps, 1),
         fixed(static_cast<double>(mode.rows) / steps, 1), fixed(static_cast<double>(mode.live_columns) / steps, 0),
         fixed(quantile(mode.microseconds, 0.5), 2), fixed(quantile(mode.microseconds, 0.99), 2), kernels});
  }
  table.print(out);
  out << "\nus per fill: host clock around nsameta_fill" << (all.on_gpu ? " and the wait for the device" : "")
      << "; every vector field" << (all.with_tables ? ", both page tables" : "")
      << (all.model.empty() ? "" : ", the caches of " + all.model) << "\n";
  out << "digest " << all.digest << " over " << steps_ << " steps\n";
  if (all.checked) out << "check against reference: " << mismatches_ << " mismatches\n";
}

void replay_report::print_json(std::ostream& out, const summary& all) const {
  harness::json object;
  object["trace"] = all.trace;
  object["place"] = all.place;
  if (!all.model.empty()) object["model"] = all.model;
  object["timed"] = all.on_gpu ? "fill and synchronize" : "fill";
  object["requests"] = all.requests;
  object["requests_finished"] = all.requests_finished;
  object["simulated_s"] = all.simulated_s;
  object["steps"] = steps_;
  object["modes"] = harness::json::object();
  for (std::size_t m = 0; m < modes_.size(); ++m) {
    const mode_figures& mode = modes_[m];
    if (mode.microseconds.empty()) continue;
    object["modes"][name_of(m)] = {{"steps", mode.microseconds.size()},
                                   {"requests", mode.requests},
                                   {"rows", mode.rows},
                                   {"live_columns", mode.live_columns},
                                   {"median_us", quantile(mode.microseconds, 0.5)},
                                   {"p99_us", quantile(mode.microseconds, 0.99)},
                                   {"kernels", mode.kernels}};
  }
  object["digest"] = all.digest;
  if (all.checked) object["mismatches"] = mismatches_;
  out << json_text(object) << '\n';
}

}  // namespace nsameta::cli
