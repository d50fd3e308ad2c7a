/// What the host can see of bad input, before anything is launched. On the hot path of every fill: no allocation, and
/// nothing is formatted unless a check fails.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Checks the problem alone. The sentence names the argument and its value.
nsameta_status validate_problem(const nsameta_problem* problem) noexcept;

/// Checks the outputs, and that they overlap neither each other nor an input. `problem` is a validated one.
nsameta_status validate_outputs(const nsameta_problem& problem, const nsameta_outputs* outputs) noexcept;

nsameta_status validate_target(const nsameta_target* target) noexcept;

/// Checks that sets of outputs, each a validated one, do not overlap each other.
nsameta_status validate_sets(const nsameta_outputs* outputs, std::int64_t count) noexcept;

}  // namespace nsameta
