/// One case through nsameta_fill on the forced backend, held against the reference.
#pragma once

#include <optional>
#include <string>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/output_buffers.h"

namespace nsameta::matrix {

/// The reference's answer on its own buffers, and what is wrong with another one.
class expectation {
 public:
  explicit expectation(const harness::generated_case& tested, harness::guard kind = harness::pages_in_turn());
  /// An element that differs (live or not), a damaged guard, an input that was written; nothing when all is well.
  std::optional<std::string> wrong_with(harness::output_buffers& outputs, const harness::input_buffers& inputs);

 private:
  harness::output_buffers answer_;
};

/// Asserts that nsameta_fill would run the forced backend, device and variant, unstaged; empty when it would.
std::string wrong_decision(const nsameta_problem& problem, const nsameta_outputs& outputs,
                           const nsameta_target& target);

/// Fills the case eagerly on the forced backend, between page guards where its memory can have them; what is wrong, or
/// "".
std::string check_case(const harness::generated_case& tested);

/// What reproduces a case: its recipe, and the problem as JSON when it is short.
std::string reproduce(const harness::generated_case& tested);

/// Has an access beside an array name the case and the backend that fills it.
void note_case(const std::string& backend, const harness::generated_case& tested);

}  // namespace nsameta::matrix
