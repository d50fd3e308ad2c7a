#include <thread>
#include <vector>

#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("nothing is opened before somebody asks, and then once") {
  fake_world world;
  for (const fake_backend& fake : world.fakes) CHECK(fake.openings == 0);
  CHECK(world.backends.at(id_cuda).ready());
  CHECK(&world.backends.at(id_cuda) == &world.backends.at(id_cuda));
  CHECK(world[id_cuda].openings == 1);
  CHECK(world[id_cuda].probes == 1);
  CHECK(world[id_hip].openings == 0);
}

TEST_CASE("the first use may come from many threads at once") {
  fake_world world("cuda,cpu");
  world.put_all_on(id_cuda);
  std::vector<std::string> decisions(8);
  std::vector<std::thread> threads;
  for (std::string& decision : decisions) {
    threads.emplace_back([&world, &decision] {
      nsameta_decision record{};
      record.struct_size = sizeof record;
      const nsameta_status status = world.dispatch.explain(&world.problem, &world.outputs, &world.target, &record);
      decision = status == NSAMETA_OK ? record.backend : nsameta_last_error();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& decision : decisions) CHECK(decision == "cuda");
  for (const int id : {id_cpu, id_cuda}) {
    CHECK(world[id].openings == 1);
    CHECK(world[id].probes == 1);
  }
}

TEST_CASE("the states of probe and opening are kept with their reasons") {
  fake_world world;
  const backend_record& hip = world.backends.at(id_hip);
  CHECK(hip.state == NSAMETA_BACKEND_NO_DRIVER);
  CHECK(hip.reason == "the fake has no driver");
  CHECK(hip.devices.empty());
  world[id_simt].device_count = 0;
  CHECK(world.backends.at(id_simt).state == NSAMETA_BACKEND_NO_DEVICE);
}
