#include "expect.h"
#include "fakes.h"

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
  expect_words(parse_override("CUDA").error, {"no backend is called \"CUDA\""});
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
  CHECK(nearest("hp") == "hip");
  CHECK(nearest("cpus") == "cpu");
  CHECK(nearest("smit") == "simt");
  CHECK(nearest("atuo") == "auto");
}
