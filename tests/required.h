/// NSAMETA_REQUIRE, a list of backends: a test that cannot run for want of one of them fails in place of being skipped.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "harness/backend_name.h"

namespace nsameta::test {

/// Says that `backend` is missing, and returns what to exit with: 77, which CTest reports as skipped, or 1.
inline int not_run(const std::string& backend, const std::string& why) {
  const char* list = std::getenv("NSAMETA_REQUIRE");
  const auto names = harness::split_list(list != nullptr ? list : "");
  const bool must = std::ranges::find(names, backend) != names.end();
  std::printf("%s: %s: %s\n", must ? "required, but not run" : "not run", backend.c_str(), why.c_str());
  constexpr int failed = 1, skipped = 77;
  return must ? failed : skipped;
}

}  // namespace nsameta::test
