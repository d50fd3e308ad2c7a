/// A CPU backend forced under buffers that live on a GPU, and a GPU forced under host buffers: what people force
/// backends for. Exits 77 where there is no CUDA device.
#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "harness/compare.h"
#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "nsameta/device.h"

namespace {

using namespace nsameta::harness;

std::string forced;
device_place buffers;

nsameta_target target() { return {NSAMETA_DEVICE_AUTO, 0, nullptr, 0}; }

}  // namespace

TEST_CASE("a forced backend that cannot reach the buffers runs staged, and says so") {
  const auto tested = build_case(draw_recipe(3, 14));
  input_buffers inputs(buffers), expected_inputs(place_of("reference"));
  inputs.upload(tested.problem);
  expected_inputs.upload(tested.problem);
  output_buffers outputs(buffers, tested.layout), expected(place_of("reference"), tested.layout);

  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  const nsameta_target where = target();
  check(nsameta_explain(&inputs.view(), &outputs.view(), &where, &decision));
  CHECK(std::string(decision.backend) == forced);
  CHECK(decision.staged == 1);

  check(nsameta_fill(&inputs.view(), &outputs.view(), &where));
  check(nsameta_fill_on("reference", &expected_inputs.view(), &expected.view(), &where));
  const live_shape shape = live_shape_of(tested.problem, tested.recipe.length_offset);
  const auto found = compare_live(outputs.read_back(shape), expected.read_back(shape), shape);
  CHECK_MESSAGE(!found, to_string(*found));
}

TEST_CASE("staged execution is refused inside a capture") {
  if (buffers.backend != "cuda") return;
  const auto tested = build_case(draw_recipe(3, 14));
  input_buffers inputs(buffers);
  inputs.upload(tested.problem);
  output_buffers outputs(buffers, tested.layout);
  nsameta_target where = target();
  check(nsameta_stream_create("cuda", 0, &where.stream));
  check(nsameta_capture_begin("cuda", 0, where.stream));
  CHECK(nsameta_fill(&inputs.view(), &outputs.view(), &where) == NSAMETA_CAPTURE_REFUSED);
  void* graph = nullptr;
  check(nsameta_capture_end("cuda", 0, where.stream, &graph));
  check(nsameta_graph_destroy("cuda", 0, graph));
  check(nsameta_stream_destroy("cuda", 0, where.stream));
}

/// nsameta_staged_tests FORCED PLACE: the backend to force, and where the buffers are.
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  forced = argv[1];
  buffers = place_of(argv[2]);
  for (const nsameta_backend_info& info : list_backends())
    if (std::string(info.name) == "cuda" && info.state != NSAMETA_BACKEND_READY) {
      std::printf("not run: cuda: %s\n", info.reason);
      return 77;
    }
  check(nsameta_set_override(argv[1]));
  return doctest::Context(argc - 2, argv + 2).run();
}
