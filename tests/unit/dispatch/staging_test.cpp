#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

/// The elements of the output block: cache_seqlens with a tail of 4, then total_rows.
std::vector<std::int32_t> written(const fake_world& world) {
  const auto* data = static_cast<const std::int32_t*>(world.outputs.cache_seqlens.data);
  return {data, data + 9};
}

const std::vector<std::int32_t> untouched(9, -1);

}  // namespace

TEST_CASE("cpu forced on device memory: copied in, computed, copied out, in the stream's order") {
  fake_world world("cpu");
  world.put_all_on(id_cuda);
  int stream = 0;
  world.target.stream = &stream;
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(world[id_cpu].fills.at(0).reached_all);
  CHECK(world[id_cpu].fills.at(0).place.stream == nullptr);
  // What the fill does not write keeps its old value.
  CHECK(written(world) == std::vector<std::int32_t>{10, 20, 30, 40, -1, -1, -1, -1, id_cpu});
  CHECK(world[id_cuda].copy_streams == std::vector<void*>(5, &stream));  // three in, two out
}

TEST_CASE("the caller's list of plans stays as it is, and its buffers are copied") {
  fake_world world("cpu");
  world.put_all_on(id_cuda);
  std::int32_t* const words = world.on_device(id_cuda);
  nsameta_plan plan{};
  plan.kind = NSAMETA_PLAN_TOPK;
  plan.buffers[0] = {words, 2 * (world.problem.batch_size + 1), NSAMETA_INT32};
  world.outputs.plans = &plan;
  world.outputs.plan_count = 1;
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(plan.buffers[0].data == words);
  CHECK(world[id_cpu].fills.at(0).reached_all);
}

TEST_CASE("an explicit device target is the owner too") {
  fake_world world("reference");
  world[id_cuda].device_count = 2;
  world.put_all_on(id_cuda, 1);
  world.target = {NSAMETA_DEVICE_CUDA, 1, nullptr, 0};
  REQUIRE(world.decided() == "reference/scalar staged");
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(written(world)[3] == 40);
}

TEST_CASE("cuda forced on host memory works in memory of its own and gives it back") {
  fake_world world("cuda");
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(world[id_cuda].fills.at(0).reached_all);
  CHECK(written(world) == std::vector<std::int32_t>{10, 20, 30, 40, -1, -1, -1, -1, id_cuda});
  CHECK(world[id_cuda].live_allocations == 0);
}

TEST_CASE("buffers here and there can be staged when one side copies them all") {
  fake_world world("cpu");
  world.put_outputs(world.on_device(id_cuda));
  REQUIRE(world.decided() == "cpu/auto staged");
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(written(world)[1] == 20);
}

TEST_CASE("buffers with two vendors cannot be staged") {
  fake_world world("cpu");
  world[id_hip].state = NSAMETA_BACKEND_READY;
  world.put_inputs(world.on_device(id_hip));
  world.put_outputs(world.on_device(id_cuda));
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"two vendors"});
}

TEST_CASE("an owner that is not there cannot copy") {
  fake_world world("cpu");
  world.target = {NSAMETA_DEVICE_HIP, 0, nullptr, 0};
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"hip, which would copy the buffers", "no driver"});
}

TEST_CASE("strided inputs are copied whole") {
  fake_world world("cpu");
  world.put_all_on(id_cuda);
  auto* lengths = world.on_device(id_cuda);
  for (int i = 0; i < 4; ++i) lengths[3 * i] = 7 + i;
  world.problem.seq_lens = {lengths, 3, NSAMETA_INT32};
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(written(world)[0] == 7);
  CHECK(written(world)[3] == 10);
}

TEST_CASE("staged execution inside graph capture is refused") {
  fake_world world("cpu");
  world.put_all_on(id_cuda);
  world[id_cuda].capturing = true;
  expect_failure(world.fill(), NSAMETA_CAPTURE_REFUSED, {"captured"});
  CHECK(world[id_cuda].copy_streams.empty());
  CHECK(written(world) == untouched);
}

TEST_CASE("whatever fails before the copy back leaves the outputs as they were and no memory behind") {
  SUBCASE("a copy in") {
    for (const int copies : {0, 1, 2}) {
      fake_world world("cpu");
      world.put_all_on(id_cuda);
      world[id_cuda].copies_before_failure = copies;
      expect_failure(world.fill(), NSAMETA_DEVICE_ERROR, {"cuda", "copying", "the fake fails"});
      CHECK(written(world) == untouched);
    }
  }
  SUBCASE("the fill") {
    fake_world world("cpu");
    world.put_all_on(id_cuda);
    world[id_cpu].fill_status = NSAMETA_OUT_OF_MEMORY;
    expect_failure(world.fill(), NSAMETA_OUT_OF_MEMORY, {"cpu, staged", "the fake fails"});
    CHECK(written(world) == untouched);
  }
  SUBCASE("the worker's allocation, copies and fill") {
    for (const int step : {0, 1, 2, 3}) {
      fake_world world("cuda");
      if (step == 0) world[id_cuda].allocate_status = NSAMETA_OUT_OF_MEMORY;
      if (step == 1) world[id_cuda].copies_before_failure = 0;
      if (step == 2) world[id_cuda].fill_status = NSAMETA_DEVICE_ERROR;
      if (step == 3) world[id_cuda].copies_before_failure = 1;
      CHECK(world.fill() != NSAMETA_OK);
      expect_words(nsameta_last_error(), {"cuda, staged", "the fake fails"});
      CHECK(written(world) == untouched);
      CHECK(world[id_cuda].live_allocations == 0);
    }
  }
}

TEST_CASE("auto never stages") {
  fake_world world;
  world.put_outputs(world.on_device(id_cuda));
  CHECK(world.decided() == "nobody");
  CHECK(world.decision.staged == 0);
}
