/// nsameta_matrix_tests --backend=NAME[:INDEX][/VARIANT] [doctest options]
/// Exits 77, which CTest reports as skipped, when the backend cannot run here; 1 in place of it when NSAMETA_REQUIRE, a
/// list of backend names, asks for it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tested_backend.h"

namespace {

constexpr int skipped = 77;

bool required(const std::string& backend) {
  const char* list = std::getenv("NSAMETA_REQUIRE");
  const auto names = nsameta::harness::split_list(list != nullptr ? list : "");
  return std::ranges::find(names, backend) != names.end();
}

}  // namespace

int main(int argc, char** argv) {
  nsameta::matrix::keep_options(argc, argv);
  const std::string spec = nsameta::matrix::option("backend", "cpu");
  if (const std::string why = nsameta::matrix::force_backend(spec); !why.empty()) {
    const bool must = required(nsameta::matrix::tested().place.backend);
    std::printf("%s: %s: %s\n", must ? "required, but not run" : "not run", spec.c_str(), why.c_str());
    return must ? 1 : skipped;
  }
  std::printf("backend: %s\n", spec.c_str());
  return doctest::Context(argc, argv).run();
}
