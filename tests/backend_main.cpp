/// PROGRAM --backend=NAME[:INDEX][/VARIANT] [doctest options]
/// Exits 77, which CTest reports as skipped, when the backend cannot run here; 1 in place of it when NSAMETA_REQUIRE, a
/// list of backend names, asks for it.
#include <cstdio>

#include "required.h"
#include "run_tests.h"
#include "tested_backend.h"

int main(int argc, char** argv) {
  using namespace nsameta::test;
  keep_options(argc, argv);
  const std::string spec = option("backend", "cpu");
  if (const std::string why = force_backend(spec); !why.empty()) return not_run(tested().place.backend, why);
  std::printf("backend: %s\n", spec.c_str());
  return run_tests(argc, argv);
}
