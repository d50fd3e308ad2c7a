/// What generated cases on one device gave.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "candidates.h"
#include "harness/parity.h"

namespace nsameta::cli {

struct parity_record {
  candidate tested;
  std::uint64_t cases = 0;
  std::array<std::uint64_t, harness::batch_kind_names.size()> cases_of_kind{};  ///< the same by harness::batch_kind
  std::map<std::string, std::uint64_t> cases_of_kernel = {};  ///< by name, where the backend's kernels have names
  std::uint64_t mismatches = 0;
  std::uint64_t first_number = 0;  ///< of the first case that failed
  std::optional<harness::generated_case> first_failure = {};
  std::string first_difference = {};
};

/// Runs case `number` of `seed`, by harness::draw_case, and counts it. A device that cannot run leaves its reason in
/// the candidate.
void run_case(parity_record& record, std::uint64_t seed, std::uint64_t number,
              harness::issue how = harness::issue::at_once);

/// What was wrong with the first failure, in words, and its problem made small, in the form that `nsameta fill` takes.
struct failure_report {
  std::string text;
  std::string problem;
};
failure_report report_failure(const parity_record& record);

/// Whether any device can run, as far as is known.
bool any_usable(const std::vector<parity_record>& records);

/// Says on standard error which backends did not run, if a list named them; whether there is one.
bool complain_of_missing(const std::vector<parity_record>& records, const std::string& named);

}  // namespace nsameta::cli
