#include <doctest/doctest.h>

#include "program.h"

namespace nsameta::test {

TEST_CASE("--version and --help succeed") {
  CHECK(run("--version").out.starts_with("nsameta "));
  for (const char* command : {"", "info", "fill", "replay", "soak", "verify", "check-plans"}) {
    const outcome help = run(std::string(command) + " --help");
    CHECK(help.code == 0);
    CHECK(help.out.find("Options:") != std::string::npos);
  }
}

TEST_CASE("a call that makes no sense exits 2 and says why") {
  for (const char* arguments : {"", "fil", "fill --inptu x", "replay --accept 2", "replay --seed -1",
                                "verify --cases many", "verify --cases -1", "verify --cases 0", "verify --seed -1",
                                "verify --backends cup", "verify --require cup", "check-plans --python ''"}) {
    const outcome result = run(arguments);
    CHECK_MESSAGE(result.code == 2, arguments);
    CHECK(result.out.empty());
    CHECK_FALSE(result.err.empty());
  }
}

TEST_CASE("info lists every backend, with a reason for each that is missing") {
  const outcome result = run("info --json");
  CHECK(result.code == 0);
  CHECK(result.err.empty());
  const auto info = json_of(result);
  REQUIRE(info["backends"].size() == 5);
  for (const auto& backend : info["backends"]) {
    INFO(backend.dump());
    CHECK((backend["state"] == "ready") == backend["reason"].get<std::string>().empty());
    CHECK((backend["state"] == "ready") == (backend["devices"].get<int>() > 0));
  }
  CHECK(is_ready("reference"));
  CHECK(is_ready("cpu"));
  CHECK(info["kernels"].size() >= 4);
  CHECK(info["kernels"][0]["decision"]["backend"] == "cpu");
}

TEST_CASE("info prints the same as tables") {
  const outcome result = run("info");
  CHECK(result.code == 0);
  for (const char* text : {"reference", "oneTBB", "cuda", "hip", "What would run", "4096"})
    CHECK(result.out.find(text) != std::string::npos);
}

}  // namespace nsameta::test
