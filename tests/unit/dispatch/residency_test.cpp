#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("auto: plain host memory goes to the host") {
  fake_world world;
  CHECK(world.decided() == "cpu/auto");
  CHECK(world.rejection("cuda").code == NSAMETA_REJECTED_UNREACHABLE);
  expect_words(world.rejection("cuda").why, {"seq_lens"});
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_cpu].fills.at(0).reached_all);
  CHECK(world.host_cache_seqlens[3] == 40);
}

TEST_CASE("auto: device memory goes to its backend, on its device, in the stream's order") {
  fake_world world;
  world[id_cuda].device_count = 2;
  world.put_all_on(id_cuda, 1);
  int stream = 0;
  world.target.stream = &stream;
  CHECK(world.decided() == "cuda/block256@1");
  CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_UNREACHABLE);
  expect_words(world.rejection("cpu").why, {"total_rows"});
  CHECK(world.fill() == NSAMETA_OK);
  const auto& fill = world[id_cuda].fills.at(0);
  CHECK(fill.reached_all);
  CHECK(fill.place.device == 1);
  CHECK(fill.place.stream == &stream);
}

TEST_CASE("auto: pinned inputs beside device outputs go to the device") {
  fake_world world;
  world.put_inputs(world.pinned(id_cuda));
  world.put_outputs(world.on_device(id_cuda));
  CHECK(world.decided() == "cuda/block256");
}

TEST_CASE("auto: memory that both reach goes to the device, and with a stream to it alone") {
  fake_world world;
  world.put_inputs(world.pinned(id_cuda));
  world.put_outputs(world.pinned(id_cuda));
  CHECK(world.decided() == "cuda/block256");
  CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_ORDER);
  expect_words(world.rejection("cpu").why, {"cuda comes first"});
  int stream = 0;
  world.target.stream = &stream;
  CHECK(world.decided() == "cuda/block256");
  CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_UNREACHABLE);
  expect_words(world.rejection("cpu").why, {"order", "stream"});
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_cuda].fills.at(0).place.stream == &stream);
}

TEST_CASE("auto: host and device memory mixed is nobody's, and the buffers are named") {
  fake_world world;
  world.put_outputs(world.on_device(id_cuda));
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE,
                 {"no backend reaches every buffer", "cpu: its device does not reach total_rows",
                  "cuda: its device does not reach seq_lens"});
  CHECK(world[id_cpu].fills.empty());
  CHECK(world[id_cuda].fills.empty());
}

TEST_CASE("auto: the number of live requests is in the memory of the lengths") {
  fake_world world;
  std::int32_t live = 1;
  world.problem.live_requests = &live;
  CHECK(world.decided() == "cpu/auto");
  world.put_all_on(id_cuda);
  world.problem.live_requests = &live;
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"cuda: its device does not reach live_requests"});
  CHECK(world[id_cuda].fills.empty());
  world.problem.live_requests = world.on_device(id_cuda);
  CHECK(world.decided() == "cuda/block256");
}

TEST_CASE("auto: the block table is in the memory of the lengths") {
  fake_world world;
  const std::int32_t blocks[8]{};
  world.put_all_on(id_cuda);
  world.problem.block_table = {blocks, 8, 1, 1};
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"cuda: its device does not reach block_table"});
  CHECK(world[id_cuda].fills.empty());
}

TEST_CASE("auto: buffers on two devices are nobody's") {
  fake_world world;
  world[id_cuda].device_count = 2;
  world.put_inputs(world.on_device(id_cuda, 0));
  world.put_outputs(world.on_device(id_cuda, 1));
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"cuda: its device does not reach"});
}

TEST_CASE("auto: a failed pointer query is told, with the buffer") {
  fake_world world;
  world[id_cuda].locate_status = NSAMETA_DEVICE_ERROR;
  expect_failure(world.fill(), NSAMETA_DEVICE_ERROR, {"cuda", "seq_lens", "the fake fails"});
}

TEST_CASE("an explicit target is believed: no pointer query") {
  fake_world world;
  world.put_all_on(id_cuda);
  int stream = 0;
  world.target = {NSAMETA_DEVICE_CUDA, 0, &stream, 0};
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_cuda].fills.at(0).place.stream == &stream);
  CHECK(world[id_cuda].locates == 0);
}

TEST_CASE("an explicit host target opens no module") {
  fake_world world;
  world.target.kind = NSAMETA_DEVICE_HOST;
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world.decided() == "cpu/auto");
  CHECK(world[id_cuda].openings == 0);
  CHECK(world[id_hip].openings == 0);
  CHECK(world.rejection("cuda").code == NSAMETA_REJECTED_WRONG_TARGET);
}

TEST_CASE("an explicit simt target is simt's alone") {
  fake_world world;
  world[id_simt].device_count = 2;
  world.target = {NSAMETA_DEVICE_SIMT, 1, nullptr, 0};
  CHECK(world.decided() == "simt/block256@1");
  CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_WRONG_TARGET);
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_simt].fills.at(0).place.device == 1);
}

TEST_CASE("an explicit target that is not there is told with its reason") {
  fake_world world;
  world.target = {NSAMETA_DEVICE_HIP, 0, nullptr, 0};
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"hip", "the fake has no driver"});
  world.target = {NSAMETA_DEVICE_CUDA, 3, nullptr, 0};
  expect_failure(world.fill(), NSAMETA_INVALID_ARGUMENT, {"target.index is 3", "1 device"});
}

TEST_CASE("a device without code is not used") {
  fake_world world;
  world[id_cuda].device_count = 2;
  world[id_cuda].first_device_without_code = 1;
  world.target = {NSAMETA_DEVICE_CUDA, 1, nullptr, 0};
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"cuda", "no code", "fake_1"});
  world.target.index = 0;
  CHECK(world.fill() == NSAMETA_OK);
}

TEST_CASE("without a driver, auto asks once and never again") {
  fake_world world;
  world[id_cuda].state = NSAMETA_BACKEND_NO_DRIVER;
  for (int i = 0; i < 3; ++i) CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_cuda].probes == 1);
  CHECK(world[id_cuda].locates == 0);
  CHECK(world[id_cpu].fills.size() == 3);
}

TEST_CASE("a call without any buffer runs on the host") {
  fake_world world;
  world.problem.batch_size = 0;
  world.problem.seq_lens.data = nullptr;
  nsameta_outputs_init(&world.outputs);
  CHECK(world.decided() == "cpu/auto");
}
