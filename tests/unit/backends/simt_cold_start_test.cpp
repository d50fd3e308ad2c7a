// A program of its own, because what it needs is a process that has loaded no kernel yet.
#include <string>

#include <doctest/doctest.h>

#include "backend.h"
#include "backends.h"
#include "problem.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

TEST_CASE("a kernel that was never loaded cannot be launched into a capture") {
  small_problem some;
  void* stream = nullptr;
  void* graph = nullptr;
  REQUIRE(runtime::create_stream(stream) == runtime::success);

  REQUIRE(runtime::begin_capture(stream) == runtime::success);
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), stream) == error::capture_unsupported);
  CHECK(runtime::end_capture(stream, graph) == error::capture_invalidated);
  CHECK(graph == nullptr);
  CHECK(runtime::clear_error() == error::capture_invalidated);

  REQUIRE(runtime::load(small_kernel) == runtime::success);
  REQUIRE(runtime::begin_capture(stream) == runtime::success);
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), stream) == runtime::success);
  REQUIRE(runtime::end_capture(stream, graph) == runtime::success);
  CHECK(runtime::launch_graph(graph, stream) == runtime::success);
  some.check();
  CHECK(runtime::destroy_graph(graph) == runtime::success);
  CHECK(runtime::destroy_stream(stream) == runtime::success);
}

TEST_CASE("the backend asks for a warm-up in place of spoiling a capture") {
  const backend_interface& backend = simt_backend();
  constexpr launch_policy policy{.variant = 0, .row_bound = 3};
  small_problem some;
  some.arguments();
  failure_text why{};
  launch_place place{1, nullptr};
  void* graph = nullptr;
  REQUIRE(backend.services.create_stream(1, &place.stream, &why) == NSAMETA_OK);

  REQUIRE(backend.services.begin_capture(place, &why) == NSAMETA_OK);
  CHECK(backend.fill(some.problem, &some.outputs, 1, policy, place, &why) == NSAMETA_NOT_WARMED_UP);
  CHECK(std::string(why.text).find("nsameta_warmup") != std::string::npos);
  CHECK(backend.services.end_capture(place, &graph, &why) == NSAMETA_OK);
  CHECK(some.untouched());
  CHECK(backend.services.destroy_graph(1, graph, &why) == NSAMETA_OK);

  CHECK(backend.fill(some.problem, &some.outputs, 1, policy, place, &why) == NSAMETA_OK);
  some.check();
  CHECK(backend.services.destroy_stream(place, &why) == NSAMETA_OK);
}

}  // namespace
}  // namespace nsameta::simt
