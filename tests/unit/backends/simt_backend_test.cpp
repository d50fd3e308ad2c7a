// The backend as the dispatcher sees it.
#include <string>

#include <doctest/doctest.h>

#include "backend.h"
#include "backends.h"
#include "problem.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

constexpr launch_policy policy{.variant = 0, .row_bound = 3};

TEST_CASE("the backend is ready everywhere") {
  const backend_interface& backend = simt_backend();
  CHECK(std::string(backend.name) == "simt");
  CHECK(backend.kind == NSAMETA_DEVICE_SIMT);
  std::int32_t devices = 0;
  failure_text why{};
  CHECK(backend.probe(&devices, &why) == NSAMETA_BACKEND_READY);
  CHECK(devices == 2);
}

TEST_CASE("a fill leaves the thread's device and pending error as they were") {
  const backend_interface& backend = simt_backend();
  runtime::set_device(7);  // leaves an error behind
  small_problem some;
  some.arguments();
  for (const std::int32_t device : {0, 1}) {
    some.seq_lens[0] += 1;
    failure_text why{};
    CHECK(backend.fill(some.problem, &some.outputs, 1, policy, {device, nullptr}, &why) == NSAMETA_OK);
    some.check();
    int current = -1;
    runtime::get_device(current);
    CHECK(current == 0);
    CHECK(runtime::pending_error() == error::invalid_device);
  }
  runtime::clear_error();
}

TEST_CASE("memory, a stream and a graph through the backend's services") {
  const backend_interface& backend = simt_backend();
  const device_services& services = backend.services;
  failure_text why{};
  small_problem some;
  some.arguments();
  void* stream = nullptr;
  REQUIRE(services.create_stream(0, &stream, &why) == NSAMETA_OK);
  const launch_place place{0, stream};
  REQUIRE(backend.warm_up(0, &why) == NSAMETA_OK);
  REQUIRE(services.begin_capture(place, &why) == NSAMETA_OK);
  CHECK(backend.fill(some.problem, &some.outputs, 1, policy, place, &why) == NSAMETA_OK);
  CHECK(some.untouched());
  void* graph = nullptr;
  REQUIRE(services.end_capture(place, &graph, &why) == NSAMETA_OK);
  CHECK(services.launch_graph(place, graph, &why) == NSAMETA_OK);
  some.check();
  CHECK(services.destroy_graph(0, graph, &why) == NSAMETA_OK);
  CHECK(services.destroy_stream(place, &why) == NSAMETA_OK);
}

}  // namespace
}  // namespace nsameta::simt
