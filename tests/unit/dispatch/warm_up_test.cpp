#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

using devices = std::vector<std::int32_t>;

TEST_CASE("auto warms up every usable device") {
  fake_world world;
  world[id_cuda].device_count = 3;
  world[id_cuda].first_device_without_code = 2;
  CHECK(world.dispatch.warm_up(&world.target) == NSAMETA_OK);
  CHECK(world[id_cuda].warm_ups == devices{0, 1});
  CHECK(world[id_cpu].warm_ups == devices{0});
  CHECK(world[id_hip].warm_ups.empty());
}

TEST_CASE("an explicit target warms up its device alone") {
  fake_world world;
  world[id_cuda].device_count = 2;
  world.target = {NSAMETA_DEVICE_CUDA, 1, nullptr, 0};
  CHECK(world.dispatch.warm_up(&world.target) == NSAMETA_OK);
  CHECK(world[id_cuda].warm_ups == devices{1});
  CHECK(world[id_cpu].warm_ups.empty());
  world.target.index = 2;
  expect_failure(world.dispatch.warm_up(&world.target), NSAMETA_INVALID_ARGUMENT, {"target.index is 2", "2 device"});
  world.target = {NSAMETA_DEVICE_HIP, 0, nullptr, 0};
  expect_failure(world.dispatch.warm_up(&world.target), NSAMETA_BACKEND_UNAVAILABLE, {"hip", "no driver"});
}

TEST_CASE("an override decides what is warmed up") {
  fake_world world("hip,cpu");
  world.target = {NSAMETA_DEVICE_CUDA, 0, nullptr, 0};
  CHECK(world.dispatch.warm_up(&world.target) == NSAMETA_OK);
  CHECK(world[id_cpu].warm_ups == devices{0});
  CHECK(world[id_cuda].warm_ups.empty());
}
