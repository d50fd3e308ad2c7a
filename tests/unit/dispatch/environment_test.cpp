// Each case wants a process of its own, started by CTest with the variables that its name tells.
#include <stdexcept>
#include <string>
#include <vector>

#include "expect.h"
#include "nsameta/nsameta.hpp"

using namespace nsameta;
using namespace nsameta::test;

namespace {

struct small_fill {
  std::vector<std::int32_t> lengths{3, 5}, cache = std::vector<std::int32_t>(2, -1);
  nsameta::problem problem{NSAMETA_DECODE};
  nsameta::outputs outputs;
  target host{NSAMETA_DEVICE_HOST};

  small_fill() {
    problem.with_seq_lens(lengths);
    outputs.with(&nsameta_outputs::cache_seqlens, cache);
  }
  nsameta_status operator()() { return nsameta_fill(&problem, &outputs, &host); }
  std::string backend() { return explain(problem, outputs, host).decision.backend; }
};

std::vector<std::string> logged;

}  // namespace

TEST_SUITE_BEGIN("environment");

TEST_CASE("NSAMETA_BACKEND=reference" * doctest::skip()) {
  small_fill fill;
  CHECK(fill.backend() == "reference");
  CHECK(fill() == NSAMETA_OK);
  setenv("NSAMETA_BACKEND", "cpu", 1);
  CHECK(fill.backend() == "reference");
  expect_failure(nsameta_set_override("cpu"), NSAMETA_INVALID_OVERRIDE, {"after the first dispatch"});
}

TEST_CASE("NSAMETA_BACKEND=cudda" * doctest::skip()) {
  small_fill fill;
  for (int i = 0; i < 2; ++i) expect_failure(fill(), NSAMETA_INVALID_OVERRIDE, {"nearest name is \"cuda\""});
  CHECK(fill.cache == std::vector<std::int32_t>{-1, -1});
}

TEST_CASE("NSAMETA_BACKEND=cudda, but set_override wins" * doctest::skip()) {
  CHECK(nsameta_set_override("cpu/tbb") == NSAMETA_OK);
  small_fill fill;
  CHECK(fill() == NSAMETA_OK);
  CHECK(std::string(explain(fill.problem, fill.outputs, fill.host).decision.variant) == "tbb");
}

TEST_CASE("NSAMETA_BACKEND=cuda, NSAMETA_PLUGIN_DIR with a module of another version" * doctest::skip()) {
  small_fill fill;
  expect_failure(fill(), NSAMETA_BACKEND_UNAVAILABLE, {"interface version 999"});
}

TEST_CASE("NSAMETA_BACKEND=cuda, NSAMETA_PLUGIN_DIR relative to the working directory" * doctest::skip()) {
  small_fill fill;
  // A module beside the library may well be there; the one in the relative folder must not have been opened.
  if (fill() != NSAMETA_OK) CHECK(std::string(nsameta_last_error()).find("999") == std::string::npos);
}

TEST_CASE("NSAMETA_LOG=dispatch" * doctest::skip()) {
  nsameta_set_log_callback([](const char* line, void*) { logged.emplace_back(line); }, nullptr);
  small_fill fill;
  CHECK(fill() == NSAMETA_OK);
  REQUIRE(logged.size() == 1);
  expect_words(logged[0], {"dispatch: cpu/auto device 0", "2 rows", "not cpu/tbb"});

  // The interface is C's: nothing may fly through it, nor end the process.
  nsameta_set_log_callback([](const char* line, void*) { throw std::runtime_error(line); }, nullptr);
  CHECK(fill() == NSAMETA_OK);
  nsameta_set_log_callback(nullptr, nullptr);
}

TEST_CASE("NSAMETA_LOG with words that are no topic" * doctest::skip()) {
  nsameta_set_log_callback([](const char* line, void*) { logged.emplace_back(line); }, nullptr);
  small_fill fill;
  for (int i = 0; i < 2; ++i) CHECK(fill() == NSAMETA_OK);
  REQUIRE(logged.size() == 4);
  CHECK(logged[0] == "NSAMETA_LOG: \"lodaer\" is no topic; topics: dispatch, loader");
  CHECK(logged[1] == "NSAMETA_LOG: \"?[31mall\" is no topic; topics: dispatch, loader");
  expect_words(logged[2], {"dispatch: "});
  expect_words(logged[3], {"dispatch: "});
  nsameta_set_log_callback(nullptr, nullptr);
}

TEST_CASE("NSAMETA_BACKEND with large letters and a carriage return" * doctest::skip()) {
  CHECK(small_fill().backend() == "reference");
}

TEST_SUITE_END();
