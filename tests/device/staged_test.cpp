/// A CPU backend forced under buffers that live on a GPU, and a GPU forced under host buffers: what people force
/// backends for. Exits 77 where there is no CUDA device.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "fixture.h"
#include "harness/library_error.h"
#include "nsameta/device.h"
#include "run_tests.h"
#include "side_by_side.h"

namespace nsameta::test {
namespace {

using harness::check;

std::string forced;
harness::device_place buffers;

filling make_filling() { return filling(harness::draw_recipe(3, 14), buffers); }

}  // namespace

TEST_CASE("a forced backend that cannot reach the buffers runs staged, and says so") {
  filling fill = make_filling();
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  check(nsameta_explain(&fill.problem(), &fill.outputs(), &anywhere, &decision));
  CHECK(std::string(decision.backend) == forced);
  CHECK(decision.staged == 1);
  CHECK(fill.wrong_after_fill(anywhere) == "");
}

TEST_CASE("tables side by side come back from a staged fill without each other's columns") {
  check_side_by_side(buffers, [](const nsameta_problem& problem, const nsameta_outputs& outputs) {
    check(nsameta_fill(&problem, &outputs, &anywhere));
  });
}

TEST_CASE("staged execution is refused inside a capture") {
  if (buffers.backend != "cuda") return;
  const filling fill = make_filling();
  nsameta_target where = anywhere;
  check(nsameta_stream_create("cuda", 0, &where.stream));
  check(nsameta_capture_begin("cuda", 0, where.stream));
  CHECK(nsameta_fill(&fill.problem(), &fill.outputs(), &where) == NSAMETA_CAPTURE_REFUSED);
  void* graph = nullptr;
  check(nsameta_capture_end("cuda", 0, where.stream, &graph));
  check(nsameta_graph_destroy("cuda", 0, graph));
  check(nsameta_stream_destroy("cuda", 0, where.stream));
}

}  // namespace nsameta::test

/// nsameta_staged_tests FORCED PLACE: the backend to force, and where the buffers are.
int main(int argc, char** argv) {
  using namespace nsameta::test;
  if (argc < 3) return 2;
  forced = argv[1];
  buffers = nsameta::harness::place_of(argv[2]);
  for (const nsameta_backend_info& info : nsameta::harness::list_backends())
    if (std::string(info.name) == "cuda" && info.state != NSAMETA_BACKEND_READY) {
      std::printf("not run: cuda: %s\n", info.reason);
      return 77;
    }
  nsameta::harness::check(nsameta_set_override(argv[1]));
  return run_tests(argc - 2, argv + 2);
}
