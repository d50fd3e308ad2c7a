/// A problem and sets of outputs on the tested device, and what they must come to.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::faults {

class fill_case {
 public:
  /// `sets` alike, in memory of `place`.
  /// On the host, no call of the library is made before wrong() asks for the answer.
  explicit fill_case(harness::generated_case tested, std::int64_t sets = 1,
                     harness::device_place place = harness::place_of("cuda"));

  const nsameta_problem& problem() const { return inputs_.view(); }
  const std::vector<nsameta_outputs>& outputs() const { return views_; }
  const nsameta_outputs& output() const { return views_.front(); }

  /// Brings back the pattern of what nobody wrote.
  void reset();
  /// What is neither untouched nor complete, or, of a call that succeeded, not complete; "" if nothing. A set alone may
  /// be untouched while others are complete.
  std::string wrong(nsameta_status status);
  /// The same, where each output by itself may be untouched or complete.
  std::string wrong_by_output(nsameta_status status);

 private:
  /// The reference's answer.
  const nsameta_outputs& complete();

  harness::generated_case tested_;
  harness::input_buffers inputs_;
  harness::output_buffers untouched_;
  std::optional<harness::output_buffers> complete_;
  std::deque<harness::output_buffers> buffers_;
  std::vector<nsameta_outputs> views_;
};

/// A case of its own for every kind of kernel; `requests` of them.
harness::generated_case uniform_rows(std::int64_t requests = 9);
harness::generated_case ragged_rows(std::int64_t requests = 9);
/// What nsameta_fill_draft_extend_metadata writes.
harness::generated_case draft_extend(std::int64_t requests = 9);
harness::generated_case vectors(std::int64_t requests = 9);
harness::generated_case step(std::int64_t requests = 9);
harness::generated_case int64_step(std::int64_t requests = 9);
harness::generated_case narrow(std::int64_t requests = 9);
harness::generated_case general(std::int64_t requests = 9);

}  // namespace nsameta::faults
