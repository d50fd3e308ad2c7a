#include "expect.h"
#include "fakes.h"
#include "words.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("auto and nothing are the same") {
  for (const char* text : {"", "auto", "  auto "}) {
    CHECK(parse_override(text).entries.empty());
    CHECK(parse_override(text).error.empty());
  }
}

TEST_CASE("names, indices, variants and lists") {
  const override_list list = parse_override("cuda:1/other, cpu/tbb ,simt:0");
  CHECK(list.error.empty());
  CHECK(list.text == "cuda:1/other, cpu/tbb ,simt:0");
  REQUIRE(list.entries.size() == 3);
  CHECK(list.entries[0].backend == id_cuda);
  CHECK(list.entries[0].device == 1);
  CHECK(list.entries[0].variant == "other");
  CHECK(list.entries[1].backend == id_cpu);
  CHECK(list.entries[1].device == -1);
  CHECK(list.entries[1].variant == "tbb");
  CHECK(list.entries[2].device == 0);
  CHECK(list.entries[2].variant.empty());
}

TEST_CASE("an unknown name comes with the nearest one and the list of valid ones") {
  expect_words(parse_override("cudda").error,
               {"\"cudda\"", "nearest name is \"cuda\"", "auto", "reference", "cpu", "simt", "cuda", "hip"});
  expect_words(parse_override("cpu,rference").error, {"\"rference\"", "nearest name is \"reference\""});
}

TEST_CASE("large letters and white space at the ends do not count") {
  for (const char* text : {"CUDA:1, Cpu/TBB", "cuda:1,cpu/tbb\r", "\tcuda:1\r\n,\ncpu/tbb \n"}) {
    const override_list list = parse_override(text);
    CHECK(list.error == "");
    REQUIRE(list.entries.size() == 2);
    CHECK(list.entries[0].backend == id_cuda);
    CHECK(list.entries[0].device == 1);
    CHECK(list.entries[1].variant == "tbb");
  }
  for (const char* text : {"AUTO", "auto\r", " Auto\n"}) {
    CHECK(parse_override(text).error == "");
    CHECK(parse_override(text).entries.empty());
  }
  CHECK(parse_override("cpu\r").text == "cpu");
}

TEST_CASE("only a near name is suggested, and the vendors' words are known") {
  for (const char* text : {"opencl", "x", "", "metal:0"}) {
    const std::string error = parse_override(std::string("cpu,") + text).error;
    expect_words(error, {"no backend is called", "valid: auto, or a list of reference, cpu, simt, cuda, hip"});
    CHECK_MESSAGE(error.find("nearest") == std::string::npos, error);
  }
  expect_words(parse_override("nvidia").error, {"no backend is called \"nvidia\"; the nearest name is \"cuda\""});
  expect_words(parse_override("NVIDA:0").error, {"\"nvida\"; the nearest name is \"cuda\""});
  expect_words(parse_override("ROCm").error, {"\"rocm\"; the nearest name is \"hip\""});
  expect_words(parse_override("gpu").error, {"\"gpu\"; the nearest name is \"cuda\""});
  expect_words(parse_override("amd").error, {"\"amd\"; the nearest name is \"hip\""});
}

TEST_CASE("what a terminal would obey is not shown") {
  const override_list list = parse_override("cpu,\x1b[31mcu\rda");
  CHECK(list.text == "cpu,?[31mcu?da");
  for (const char c : list.error) CHECK(static_cast<unsigned char>(c) >= ' ');
}

TEST_CASE("malformed entries are told apart") {
  expect_words(parse_override("cuda:").error, {"no device index"});
  expect_words(parse_override("cuda:-1").error, {"\"-1\"", "no device index"});
  expect_words(parse_override("cuda:x").error, {"\"x\"", "no device index"});
  expect_words(parse_override("cuda:99999999999").error, {"no device index"});
  expect_words(parse_override("cuda/").error, {"variant", "empty"});
  expect_words(parse_override("cuda,").error, {"no backend is called \"\""});
  expect_words(parse_override("cuda,auto").error, {"\"auto\" stands alone"});
  expect_words(parse_override("auto:1").error, {"\"auto\" stands alone"});
}

TEST_CASE("the nearest name counts edits") {
  CHECK(nearest_backend("hp") == "hip");
  CHECK(nearest_backend("cpus") == "cpu");
  CHECK(nearest_backend("smit") == "simt");
  CHECK(nearest_backend("atuo") == "auto");
}
