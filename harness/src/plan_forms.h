/// The ways to state a problem with plans, in the words of the libraries that read them.
#pragma once

#include "harness/problem_json.h"

namespace nsameta::harness {

/// The same problem with a list of plans: in place of a `plan` that is asked for alone, of a chain of draft steps, and
/// of `compress_ratios`. Throws json_error.
json in_general_form(const json& object);

}  // namespace nsameta::harness
