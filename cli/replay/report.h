/// What a replay found, as a table and as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "replay/scheduler.h"
#include "replay/step_runner.h"

namespace nsameta::cli {

class replay_report {
 public:
  void add(const engine_step& step, const step_result& result);

  std::int64_t steps() const { return steps_; }
  std::int64_t mismatches() const { return mismatches_; }
  const std::string& first_difference() const { return first_difference_; }

  struct summary {
    std::string trace;
    std::string place;  ///< "host", "cuda:0"
    bool on_gpu;
    bool checked;
    bool with_tables;
    std::string model;  ///< whose caches; "": none
    std::size_t requests_finished, requests;
    double simulated_s;
    std::string digest;
  };
  void print(std::ostream& out, const summary& all) const;
  void print_json(std::ostream& out, const summary& all) const;

 private:
  struct mode_figures {
    std::int64_t requests = 0;
    std::int64_t rows = 0;
    std::int64_t live_columns = 0;
    std::vector<double> microseconds;  // one a step
    std::set<std::string> kernels;
  };

  std::array<mode_figures, modes.size()> modes_;
  std::int64_t steps_ = 0;
  std::int64_t mismatches_ = 0;
  std::string first_difference_;
};

}  // namespace nsameta::cli
