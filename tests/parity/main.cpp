/// nsameta_matrix_tests --backend=NAME[:INDEX][/VARIANT] [doctest options]
/// Exits 77, which CTest reports as skipped, when the backend cannot run here; 1 in place of it when NSAMETA_REQUIRE, a
/// list of backend names, asks for it.
#include <doctest/doctest.h>

#include <cstdio>

#include "../required.h"
#include "tested_backend.h"

int main(int argc, char** argv) {
  nsameta::matrix::keep_options(argc, argv);
  const std::string spec = nsameta::matrix::option("backend", "cpu");
  if (const std::string why = nsameta::matrix::force_backend(spec); !why.empty())
    return nsameta::test::not_run(nsameta::matrix::tested().place.backend, why);
  std::printf("backend: %s\n", spec.c_str());
  return doctest::Context(argc, argv).run();
}
