/// One problem into several sets of outputs that have little in common, on the tested backend.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::fan_out {

/// Any problem of a mode: lengths, page tables, shards and pools turn with the seed.
harness::problem_data problem_of(nsameta_mode mode, std::int64_t batch_size, std::uint64_t seed);

/// `count` sets, each with fields, capacities, element types, tails and a length offset of its own.
class output_sets {
 public:
  output_sets(const harness::problem_data& problem, std::int64_t count, std::uint64_t seed);

  /// As nsameta_fill_many takes them.
  const std::vector<nsameta_outputs>& views() const { return views_; }

  /// Brings back the pattern that unwritten elements keep.
  void reset();

  /// What of any set differs from the reference's answer to `problem`, or ""; waits for the default stream.
  std::string wrong_with(const harness::problem_data& problem, const harness::input_buffers& inputs);

 private:
  std::vector<harness::output_layout> layouts_;
  std::deque<harness::output_buffers> buffers_;
  std::vector<nsameta_outputs> views_;
};

}  // namespace nsameta::fan_out
