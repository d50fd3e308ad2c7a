/// What the host can see of bad input, before anything is launched. On the hot path of every fill: no allocation, and
/// nothing is formatted unless a check fails.
#pragma once

#include <cstdint>
#include <cstring>

#include "nsameta/nsameta.h"

namespace nsameta {

/// The number in an enum that a C caller filled in, whatever it is. Reading the enum itself is undefined where the
/// number names none of its values, and that is what validation is there to find out.
template <class Enum>
int raw_value(const Enum& value) noexcept {
  static_assert(sizeof(Enum) == sizeof(int));
  int number = 0;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

/// Checks the problem alone. The sentence names the argument and its value.
nsameta_status validate_problem(const nsameta_problem* problem) noexcept;

/// Checks the outputs, and that they overlap neither each other nor an input. `problem` is a validated one.
nsameta_status validate_outputs(const nsameta_problem& problem, const nsameta_outputs* outputs) noexcept;

nsameta_status validate_target(const nsameta_target* target) noexcept;

/// Checks that sets of outputs, each a validated one, do not overlap each other.
nsameta_status validate_sets(const nsameta_outputs* outputs, std::int64_t count) noexcept;

}  // namespace nsameta
