/// One case on one backend, held against the reference.
#pragma once

#include <optional>
#include <string>

#include "harness/generator.h"

namespace nsameta::harness {

/// Runs the case on `backend` ("name[:index][/variant]", on that device's memory) and on `reference`. Says what is
/// wrong: a failed call, an element that differs, live or not, a damaged guard, an input that was written; nothing when
/// all is well. Throws library_error when the backend is unavailable.
std::optional<std::string> check_parity(const generated_case& tested, const std::string& backend);

/// The smallest case found, by leaving out what its problem's JSON does not tell, then requests, slots and columns, for
/// which check_parity still has something to say.
generated_case shrink(generated_case failing, const std::string& backend);

}  // namespace nsameta::harness
