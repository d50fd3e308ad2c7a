/// nsameta_allocation_tests [doctest options]
#include "backend.h"
#include "backends.h"
#include "gpu/module.h"
#include "loader.h"
#include "run_tests.h"
#include "totals.h"
#include "virtual_gpu.h"

/// Takes the place of the library's own list: a virtual GPU as CUDA, and a module that is not there as HIP.
nsameta::backend_openers nsameta::built_in_openers() {
  const auto linked = [](const backend_interface& (*table)()) {
    return [table] { return opened_backend{&table(), NSAMETA_BACKEND_READY, ""}; };
  };
  return {linked(reference_backend), linked(cpu_backend), linked(simt_backend), linked(gpu::module<test::virtual_gpu>),
          [] { return open_module("none", "left out of these tests", module_search_places()); }};
}

int main(int argc, char** argv) {
  const int failed = nsameta::test::run_tests(argc, argv);
  nsameta::test::print_totals();
  return failed;
}
