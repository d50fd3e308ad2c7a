/// Fills the metadata of step after step in buffers that stay, as an engine would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/digest.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"
#include "replay/kv_allocator.h"
#include "replay/scheduler.h"
#include "replay/token_table_copy.h"

namespace nsameta::cli {

struct runner_options {
  std::int64_t draft_tokens;
  std::int64_t max_batch;                    ///< requests of a step
  std::int64_t max_rows;                     ///< of the vectors
  std::int64_t table_rows;                   ///< of the page tables
  std::optional<kv_cache_options> kv_cache;  ///< absent: no page tables
  bool check;                                ///< a second set of buffers, which `reference` fills
  bool plans;                                ///< and the step vectors
  std::vector<nsameta_plan> caches;          ///< plans of a model's caches
};

/// What one fill took and gave.
struct step_result {
  double microseconds;                    ///< the call, and on a GPU the wait for its end; neither upload nor read-back
  std::string kernel;                     ///< "backend[:device]/variant"
  std::int64_t live_columns;              ///< of all rows of page_table_1
  std::optional<std::string> difference;  ///< from the reference, when that was asked for
};

class step_runner {
 public:
  step_runner(const harness::device_place& place, const runner_options& options);

  step_result run(const engine_step& step);

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

  harness::problem_data problem_of(const engine_step& step) const;
  void give_pages(const engine_step& step, harness::problem_data& problem);
  double timed_fill(const nsameta_problem& problem, const nsameta_outputs& outputs) const;
  std::optional<std::string> compare_with_reference(const harness::problem_data& problem,
                                                    const harness::live_shape& shape, const nsameta_outputs& answer);

  harness::device_place place_;
  nsameta_target target_;
  runner_options options_;
  side tested_;
  std::optional<side> reference_;
  std::optional<kv_allocator> kv_cache_;
  std::optional<token_table_copy> tested_table_;  // the reference reads the allocator's own
  harness::digest sum_;
};

}  // namespace nsameta::cli
