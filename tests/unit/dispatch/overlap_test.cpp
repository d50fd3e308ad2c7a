// NSAMETA_TARGET_NO_OVERLAP on its way from the target to the launch.
#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// Fills twice; whether the launches were told that they may overlap.
std::vector<bool> overlaps_of_two_fills(fake_world& world, int ran) {
  const std::size_t before = world[ran].fills.size();
  for (int i = 0; i < 2; ++i) REQUIRE(world.fill() == NSAMETA_OK);
  std::vector<bool> overlaps;
  for (std::size_t i = before; i < world[ran].fills.size(); ++i) overlaps.push_back(world[ran].fills[i].place.overlaps);
  return overlaps;
}

const std::vector<bool> neither{false, false}, both{true, true};

}  // namespace

TEST_CASE("what a target says of overlap reaches every launch: explicit, repeated, auto") {
  for (const nsameta_device_kind kind : {NSAMETA_DEVICE_CUDA, NSAMETA_DEVICE_AUTO}) {
    fake_world world;
    world.put_all_on(id_cuda);
    world.target = {kind, 0, nullptr, 0};
    CHECK(overlaps_of_two_fills(world, id_cuda) == both);
    world.target.flags = NSAMETA_TARGET_NO_OVERLAP;
    CHECK(overlaps_of_two_fills(world, id_cuda) == neither);
    world.target.flags = 0;
    CHECK(overlaps_of_two_fills(world, id_cuda) == both);
  }
}

TEST_CASE("overlap reaches an override's choice, and each launch of many sets") {
  fake_world world("cuda/other");
  world.put_all_on(id_cuda);
  world.target = {NSAMETA_DEVICE_CUDA, 0, nullptr, 0};
  CHECK(overlaps_of_two_fills(world, id_cuda) == both);
  for (const bool wanted : {true, false}) {
    world.target.flags = wanted ? 0 : NSAMETA_TARGET_NO_OVERLAP;
    REQUIRE(world.dispatch.fill_many(&world.problem, &world.outputs, 1, &world.target) == NSAMETA_OK);
    CHECK(world[id_cuda].fills.back().place.overlaps == wanted);
  }
}

TEST_CASE("a staged fill overlaps nothing: its copies come before and after") {
  for (const char* worker : {"cpu", "cuda"}) {
    fake_world world(worker);
    if (std::string(worker) == "cpu") world.put_all_on(id_cuda);
    CHECK(world.decided().ends_with("staged"));
    CHECK(overlaps_of_two_fills(world, find_backend(worker)) == neither);
  }
}
