/// Runs a call in a process that has made none before, with its n-th allocation failing.
#pragma once

#include <functional>
#include <string>

#include "fill_case.h"
#include "nsameta/nsameta.h"

namespace nsameta::test {

/// What a child process does. Everything before `call` and after it runs with all memory there is.
struct first_call {
  std::string name;
  const char* override_text = "auto";     ///< NSAMETA_BACKEND
  std::function<void()> prepare = [] {};  ///< calls of the library that come before
  std::function<nsameta_status(fill_case&)> call;
  harness::generated_case tested;  ///< in host memory
  bool throws = false;             ///< then the exception tells, in place of the sentence
};

/// Checks, for each allocation: the status and the sentence; outputs untouched or complete; that the next call works,
/// and that after it no more is allocated than where nothing failed. Ends with the first call that got all it asked
/// for.
void inject_allocations(const first_call& what);

}  // namespace nsameta::test
