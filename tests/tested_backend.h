/// The backend that this process tests: one a process, because the override that forces it is read once.
#pragma once

#include <string>
#include <string_view>

#include "harness/backend_name.h"
#include "harness/generator.h"
#include "nsameta/nsameta.h"

namespace nsameta::test {

struct tested_backend {
  std::string spec;  ///< "simt:1/block256", as the override has it
  harness::device_place place;
  std::string variant;  ///< "" when the spec leaves it to selection
};

const tested_backend& tested();

/// Remembers the program's command line.
void keep_options(int argc, char** argv);

/// What "--name=" is followed by on the command line, or `otherwise`.
std::string option(std::string_view name, const std::string& otherwise);

/// Forces `spec` for every nsameta_fill of the process; "auto" forces nothing, whatever the environment says. "" when
/// it can run, else why not.
std::string force_backend(const std::string& spec);

/// Waits for the default stream.
void synchronize();

/// Asserts that nsameta_fill would run the forced backend, device and variant, unstaged; empty when it would.
std::string wrong_decision(const nsameta_problem& problem, const nsameta_outputs& outputs,
                           const nsameta_target& target);

/// Fills the case eagerly, between page guards where the memory can have them, and checks it against the reference.
void check_equal(const harness::generated_case& tested_case);

}  // namespace nsameta::test
