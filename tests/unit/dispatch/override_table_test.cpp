// Every row of the override table in the documentation.
#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("unset and auto: the best that can run, every rejection explained") {
  for (const char* text : {static_cast<const char*>(nullptr), "", "auto"}) {
    fake_world world(text);
    CHECK(world.decided() == "cpu/auto");
    for (const char* other : {"reference", "cpu/serial", "cpu/tbb", "simt", "cuda", "hip"}) {
      CHECK_MESSAGE(world.rejection(other).code != 0, other);
      CHECK(world.rejection(other).why[0] != '\0');
    }
    CHECK(world.rejection("hip").code == NSAMETA_REJECTED_UNAVAILABLE);
    CHECK(std::string(world.rejection("hip").why) == "the fake has no driver");
  }
}

TEST_CASE("one name: that one only") {
  struct row {
    const char* text;
    const char* decided;
  };
  for (const row& each : {row{"reference", "reference/scalar"}, row{"cpu", "cpu/auto"}, row{"cpu/tbb", "cpu/tbb"},
                          row{"simt", "simt/block256"}, row{"simt:1/other", "simt/other@1"},
                          row{"cuda", "cuda/block256 staged"}, row{"cuda:0/other", "cuda/other staged"}}) {
    fake_world world(each.text);
    world[id_simt].device_count = 2;
    CHECK(world.decided() == each.decided);
    CHECK(world.rejection("hip").code == NSAMETA_REJECTED_NOT_REQUESTED);
    CHECK(std::string(world.decision.override_text) == each.text);
  }
}

TEST_CASE("one name that nobody else may replace") {
  fake_world world("cuda");
  world.put_all_on(id_cuda);
  CHECK(world.decided() == "cuda/block256");
  world[id_cuda].fill_status = NSAMETA_DEVICE_ERROR;
  expect_failure(world.fill(), NSAMETA_DEVICE_ERROR, {"cuda/block256 on device 0", "the fake fails"});
  CHECK(world[id_cpu].fills.empty());
}

TEST_CASE("a forced index elsewhere than the buffers runs staged there") {
  fake_world world("cuda:1");
  world[id_cuda].device_count = 2;
  world.put_all_on(id_cuda, 0);
  CHECK(world.decided() == "cuda/block256@1 staged");
  CHECK(world.fill() == NSAMETA_OK);
  CHECK(world[id_cuda].fills.at(0).place.device == 1);
  CHECK(world[id_cuda].fills.at(0).reached_all);
}

TEST_CASE("an ordered list: the first that can, and nobody outside it") {
  SUBCASE("falls back when the first is not usable") {
    fake_world world("hip,cpu");
    CHECK(world.decided() == "cpu/auto");
    CHECK(world.rejection("hip").code == NSAMETA_REJECTED_UNAVAILABLE);
    CHECK(world.rejection("cuda").code == NSAMETA_REJECTED_NOT_REQUESTED);
  }
  SUBCASE("takes the one that reaches the buffers before one that needs copies") {
    fake_world world("cuda,cpu");
    CHECK(world.decided() == "cpu/auto");
    CHECK(world.rejection("cuda").code == NSAMETA_REJECTED_UNREACHABLE);
    world.put_all_on(id_cuda);
    CHECK(world.decided() == "cuda/block256");
    CHECK(world.rejection("cpu").code == NSAMETA_REJECTED_UNREACHABLE);
  }
  SUBCASE("stages on the first usable one when none reaches the buffers") {
    fake_world world("hip,cpu,reference");
    world.put_all_on(id_cuda);
    CHECK(world.decided() == "cpu/auto staged");
  }
  SUBCASE("fails with every cause when none is usable") {
    fake_world world("hip,cuda");
    world[id_cuda].state = NSAMETA_BACKEND_NO_DEVICE;
    world[id_cuda].reason = "no CUDA device is visible";
    expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE,
                   {"hip,cuda", "hip: the fake has no driver", "cuda: no CUDA device is visible"});
  }
}

TEST_CASE("known but unusable: every call says why") {
  struct row {
    nsameta_backend_state state;
    const char* reason;
  };
  for (const row& each :
       {row{NSAMETA_BACKEND_NOT_BUILT, "not built: no nvcc"},
        row{NSAMETA_BACKEND_NOT_FOUND, "no file /a/nsameta_cuda.so"},
        row{NSAMETA_BACKEND_INCOMPATIBLE, "interface version 7"},
        row{NSAMETA_BACKEND_NO_DRIVER, "libcuda.so.1 is missing"},
        row{NSAMETA_BACKEND_NO_DEVICE, "no device is visible"}, row{NSAMETA_BACKEND_NO_CODE, "no code for sm_52"}}) {
    fake_world world("cuda");
    world[id_cuda].state = each.state;
    world[id_cuda].reason = each.reason;
    for (int i = 0; i < 2; ++i) {
      expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"override \"cuda\"", each.reason});
      expect_failure(world.dispatch.warm_up(&world.target), NSAMETA_BACKEND_UNAVAILABLE, {each.reason});
    }
    CHECK(world.decided() == "nobody");
    CHECK(world.rejection("cuda").code == NSAMETA_REJECTED_UNAVAILABLE);
    CHECK(world[id_cpu].fills.empty());
  }
}

TEST_CASE("a backend whose every device lacks code is unusable") {
  fake_world world("cuda");
  world[id_cuda].first_device_without_code = 0;
  expect_failure(world.fill(), NSAMETA_BACKEND_UNAVAILABLE, {"no code for the architecture fake_0"});
  CHECK(world.backends.at(id_cuda).state == NSAMETA_BACKEND_NO_CODE);
}

TEST_CASE("unknown: invalid_override on every call") {
  fake_world world("cudda");
  for (int i = 0; i < 2; ++i) {
    expect_failure(world.fill(), NSAMETA_INVALID_OVERRIDE, {"cudda", "nearest name is \"cuda\"", "valid: auto"});
    expect_failure(world.explain(), NSAMETA_INVALID_OVERRIDE, {"cudda"});
    expect_failure(world.dispatch.warm_up(&world.target), NSAMETA_INVALID_OVERRIDE, {"cudda"});
  }
  CHECK(world[id_cpu].fills.empty());
}

TEST_CASE("a device or variant that the backend does not have is an invalid override") {
  fake_world far("cuda:7");
  expect_failure(far.fill(), NSAMETA_INVALID_OVERRIDE, {"cuda:7", "index is 7", "cuda has 1 device"});
  fake_world strange("cpu/avx");
  expect_failure(strange.fill(), NSAMETA_INVALID_OVERRIDE, {"no variant of cpu", "\"avx\"", "auto, serial, tbb"});
}

TEST_CASE("the interface wins over the environment until the first dispatch") {
  fake_world world("cudda");
  CHECK(world.setting.set("reference") == NSAMETA_OK);
  expect_failure(world.setting.set("refrence"), NSAMETA_INVALID_OVERRIDE, {"nearest name is \"reference\""});
  expect_failure(world.setting.set(nullptr), NSAMETA_INVALID_ARGUMENT, {"text is null"});
  CHECK(world.decided() == "reference/scalar");
  expect_failure(world.setting.set("cpu"), NSAMETA_INVALID_OVERRIDE, {"after the first dispatch", "\"reference\""});
  CHECK(world.decided() == "reference/scalar");
}
