/// A problem and sets of outputs on the tested device, and what they must come to.
#pragma once

#include <functional>
#include <string>

#include "fixture.h"

namespace nsameta::test {

class fill_case : public filling {
 public:
  /// `sets` alike, in memory of `place`.
  explicit fill_case(const harness::generated_case& tested, std::int64_t sets = 1,
                     const harness::device_place& place = harness::place_of("cuda"));

  /// What is neither untouched nor complete, or, of a call that succeeded, not complete; "" if nothing. A set alone may
  /// be untouched while others are complete.
  std::string wrong(nsameta_status status);
  /// The same, where each output by itself may be untouched or complete.
  std::string wrong_by_output(nsameta_status status);

 private:
  /// The reference's answer.
  const nsameta_outputs& complete();

  harness::output_buffers untouched_, complete_;
  bool is_complete_ = false;
};

/// A case of its own for every kind of kernel; `requests` of them.
harness::generated_case uniform_rows(std::int64_t requests = 9);
harness::generated_case ragged_rows(std::int64_t requests = 9);
/// What nsameta_fill_draft_extend_metadata writes.
harness::generated_case draft_extend(std::int64_t requests = 9);
harness::generated_case vectors(std::int64_t requests = 9);
harness::generated_case step(std::int64_t requests = 9);
harness::generated_case int64_step(std::int64_t requests = 9);
harness::generated_case tails(std::int64_t requests = 9);
harness::generated_case general(std::int64_t requests = 9);
harness::generated_case dealt(std::int64_t requests = 9);
harness::generated_case with_plans(std::int64_t requests = 9);
harness::generated_case step_with_plans(std::int64_t requests = 9);
harness::generated_case with_attention_plans(std::int64_t requests = 9);

}  // namespace nsameta::test
