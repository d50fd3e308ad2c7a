// What fills promise not to do right after a warm-up, where nothing is forced: the first one, a repeated one, and one
// on a thread that has made no call before.
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "counted_calls.h"
#include "fixture.h"
#include "harness/library_error.h"

namespace nsameta::test {
namespace {

bool is_ready(const std::string& backend) {
  for (const nsameta_backend_info& each : harness::list_backends())
    if (backend == each.name) return each.state == NSAMETA_BACKEND_READY && each.device_count > 0;
  return false;
}

/// "" when the fill neither failed nor made a call that is counted.
std::string calls_of(const filling& fill, const nsameta_target& target) {
  nsameta_status status;
  {
    const counting_scope scope;
    status = nsameta_fill(&fill.problem(), &fill.outputs(), &target);
  }
  return status == NSAMETA_OK ? calls_made() : nsameta_last_error();
}

}  // namespace

TEST_CASE("fills after a warm-up allocate nothing, read no environment, open no file") {
  for (const char* backend : {"cpu", "cuda", "hip"}) {
    if (!is_ready(backend)) continue;
    CAPTURE(backend);
    const harness::device_place place = harness::place_of(backend);
    const nsameta_target target = place.target();
    harness::check(nsameta_warmup(&target));
    const filling small(harness::case_recipe{}, place);  // one task on a CPU
    std::string of_new_thread;
    CHECK(calls_of(small, target) == "");
    CHECK(calls_of(small, target) == "");
    std::jthread([&] {
      if (!place.on_host()) calls_of(small, target);  // CUDA allocates for each new thread
      of_new_thread = calls_of(small, target);
    }).join();
    CHECK(of_new_thread == "");
  }
}

}  // namespace nsameta::test
