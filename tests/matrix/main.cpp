/// nsameta_matrix_tests --backend=NAME[:INDEX][/VARIANT] [doctest options]
/// Exits 77, which CTest reports as skipped, when the backend cannot run here; 1 in place of it when NSAMETA_REQUIRE, a
/// list of backend names, asks for it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <string_view>

#include "../required.h"
#include "tested_backend.h"

namespace {

constexpr std::string_view backend_option = "--backend=";

}  // namespace

int main(int argc, char** argv) {
  std::string spec = "cpu";
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).starts_with(backend_option)) spec = argv[i] + backend_option.size();

  if (const std::string why = nsameta::matrix::force_backend(spec); !why.empty())
    return nsameta::test::not_run(nsameta::matrix::tested().place.backend, spec, why);
  std::printf("backend: %s\n", spec.c_str());
  return doctest::Context(argc, argv).run();
}
