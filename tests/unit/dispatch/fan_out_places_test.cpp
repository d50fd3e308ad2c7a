/// Sets that are not all in one place.
#include <doctest/doctest.h>

#include <array>

#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

constexpr int count = 3;

/// Three sets, each of one vector in memory that the test chooses.
struct fake_sets {
  explicit fake_sets(fake_world& of) : world(of) {
    for (nsameta_outputs& set : sets) nsameta_outputs_init(&set);
    for (int i = 0; i < count; ++i) put(i, host[static_cast<std::size_t>(i)].data());
  }
  void put(int set, std::int32_t* data) {
    sets[static_cast<std::size_t>(set)].cache_seqlens = {data, 4, NSAMETA_INT32};
  }
  nsameta_status fill() { return world.dispatch.fill_many(&world.problem, sets.data(), count, &world.target); }

  fake_world& world;
  std::array<std::array<std::int32_t, 4>, count> host{};
  std::array<nsameta_outputs, count> sets;
};

}  // namespace

TEST_CASE("auto: sets in host memory go to the host, all of them") {
  fake_world world;
  fake_sets many(world);
  CHECK_MESSAGE(many.fill() == NSAMETA_OK, std::string(nsameta_last_error()));
  for (const auto& filled : many.host) CHECK(filled == std::array<std::int32_t, 4>{10, 20, 30, 40});
  CHECK(world[id_cuda].fills.empty());
}

TEST_CASE("auto: sets on a device go to that device") {
  fake_world world;
  world[id_cuda].device_count = 2;
  fake_sets many(world);
  world.put_inputs(world.on_device(id_cuda, 1));
  for (int set = 0; set < count; ++set) many.put(set, world.on_device(id_cuda, 1));
  CHECK_MESSAGE(many.fill() == NSAMETA_OK, std::string(nsameta_last_error()));
  REQUIRE(world[id_cuda].fills.size() == count);
  for (const auto& fill : world[id_cuda].fills) {
    CHECK(fill.reached_all);
    CHECK(fill.place.device == 1);
  }
}

TEST_CASE("auto: a set in other memory than the first is named, and nothing is filled") {
  for (const int odd : {1, 2}) {
    fake_world world;
    fake_sets many(world);
    many.put(odd, world.on_device(id_cuda));
    expect_failure(many.fill(), NSAMETA_INVALID_ARGUMENT,
                   {odd == 1 ? "outputs[1]" : "outputs[2]", "other memory than outputs[0]"});
    CHECK(many.host[0] == std::array<std::int32_t, 4>{});
    CHECK(world[id_cpu].fills.empty());
    CHECK(world[id_cuda].fills.empty());
  }
}

TEST_CASE("auto: sets on two devices of one kind are refused") {
  fake_world world;
  world[id_cuda].device_count = 2;
  fake_sets many(world);
  for (int set = 0; set < count; ++set) many.put(set, world.on_device(id_cuda, set == 2 ? 1 : 0));
  expect_failure(many.fill(), NSAMETA_INVALID_ARGUMENT, {"outputs[2]", "other memory than outputs[0]"});
  CHECK(world[id_cuda].fills.empty());
}

TEST_CASE("an explicit target is believed for every set, and nobody is asked") {
  fake_world world;
  world.target = {NSAMETA_DEVICE_HOST, 0, nullptr, 0};
  fake_sets many(world);
  CHECK_MESSAGE(many.fill() == NSAMETA_OK, std::string(nsameta_last_error()));
  CHECK(world[id_cuda].locates == 0);
}

TEST_CASE("a forced backend that does not reach the sets has each of them staged") {
  fake_world world("cpu");
  fake_sets many(world);
  std::array<std::int32_t*, count> device;
  world.put_inputs(world.on_device(id_cuda));
  for (int set = 0; set < count; ++set) many.put(set, device[static_cast<std::size_t>(set)] = world.on_device(id_cuda));
  CHECK_MESSAGE(many.fill() == NSAMETA_OK, std::string(nsameta_last_error()));
  CHECK(world[id_cpu].fills.size() == count);
  for (const std::int32_t* filled : device) CHECK(filled[0] == device[0][0]);
}
