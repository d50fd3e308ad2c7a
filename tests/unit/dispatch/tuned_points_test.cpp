// The committed policy table against the committed measurements: it takes the winner wherever somebody measured.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "policy.h"

using namespace nsameta;

namespace {

/// What the table may choose over the fastest, as in bench/tune/tune: times of a variant differ that much between runs.
constexpr double tolerance = 0.10;

bool is_for_proof(const std::string& variant) {
  return variant.starts_with("reference/") || variant.starts_with("simt/");
}

void check_point(const nlohmann::json& point) {
  const work_size work{point.at("requests"), point.at("row_elements"), point.at("table_elements")};
  const auto& times = point.at("ns");
  std::string chosen;
  double least = 0;
  for (const policy_row& row : policy_table()) {
    const std::string variant = std::string(row.backend) + "/" + row.variant;
    if (!times.contains(variant) || (!chosen.empty() && expected_ns(row, work) >= least)) continue;
    chosen = variant;
    least = expected_ns(row, work);
  }
  REQUIRE_FALSE(chosen.empty());
  double fastest = times.at(chosen);
  std::string winner = chosen;
  for (const auto& [variant, ns] : times.items()) {
    if (is_for_proof(variant) || ns >= fastest) continue;
    fastest = ns;
    winner = variant;
  }
  CHECK_FALSE(is_for_proof(chosen));
  CHECK_MESSAGE(times.at(chosen).get<double>() <= (1 + tolerance) * fastest, point.at("point").get<std::string>(), ": ",
                chosen, " is chosen, ", winner, " won; measure and fit again with bench/tune/tune");
}

}  // namespace

TEST_CASE("the policy table takes the winner at every measured point") {
  int runs = 0;
  for (const auto& file : std::filesystem::directory_iterator(NSAMETA_TUNED_RUNS)) {
    if (!file.path().filename().string().starts_with("tune-")) continue;
    ++runs;
    CAPTURE(file.path().string());
    const auto run = nlohmann::json::parse(std::ifstream(file.path()));
    REQUIRE(run.at("points").size() > 20);
    for (const auto& point : run.at("points")) {
      for (const auto& [variant, ns] : point.at("ns").items()) {
        const std::size_t slash = variant.find('/');
        const policy_row* row =
            find_policy(policy_table(), variant.substr(0, slash).c_str(), variant.substr(slash + 1).c_str());
        CHECK_MESSAGE(row != nullptr, variant,
                      " is in no row of the table; measure and fit again with bench/tune/tune");
      }
      check_point(point);
    }
  }
  CHECK(runs > 0);
}
