/// nsameta_faults_tests --backend=simt|cuda [doctest options]
/// Exits 77, which CTest reports as skipped, when the backend cannot run here; 1 when NSAMETA_REQUIRE names it.
#include <string>
#include <string_view>

#include "harness/library_error.h"
#include "required.h"
#include "run_tests.h"
#include "tested_runtime.h"
#include "totals.h"

int main(int argc, char** argv) {
  constexpr std::string_view option = "--backend=";
  std::string backend = "simt";
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]).starts_with(option)) backend = argv[i] + option.size();
  if (const char* why = nsameta::test::choose_runtime(backend); *why != '\0')
    return nsameta::test::not_run(backend, why);
  nsameta::harness::check(nsameta_set_override("auto"));
  const int failed = nsameta::test::run_tests(argc, argv);
  nsameta::test::print_totals();
  return failed;
}
