/// Fills the metadata of step after step in buffers that stay, as an engine would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/digest.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"
#include "replay/scheduler.h"

namespace nsameta::cli {

/// What one fill took and gave.
struct step_result {
  double microseconds;                    ///< the call, and on a GPU the wait for its end; neither upload nor read-back
  std::string kernel;                     ///< "backend[:device]/variant"
  std::optional<std::string> difference;  ///< from the reference, when that was asked for
};

class step_runner {
 public:
  /// Buffers for batches of `max_batch` requests and `max_rows` rows on `place`; with `check`, a second set that
  /// `reference` fills.
  step_runner(const harness::device_place& place, std::int64_t max_batch, std::int64_t max_rows, bool check);

  step_result run(const engine_step& step, std::int64_t draft_tokens);

  /// Of all live outputs of all steps.
  const harness::digest& sum() const { return sum_; }
  /// A guard or an input that a fill has damaged, looked at once at the end.
  std::optional<std::string> damage();

 private:
  struct side {
    side(const harness::device_place& place, const harness::output_layout& layout)
        : inputs(place), outputs(place, layout) {}
    harness::input_buffers inputs;
    harness::output_buffers outputs;
  };

  double timed_fill(const nsameta_problem& problem, const nsameta_outputs& outputs) const;
  std::optional<std::string> compare_with_reference(const harness::problem_data& problem,
                                                    const harness::live_shape& shape);

  harness::device_place place_;
  nsameta_target target_;
  side tested_;
  std::optional<side> reference_;
  harness::digest sum_;
};

}  // namespace nsameta::cli
