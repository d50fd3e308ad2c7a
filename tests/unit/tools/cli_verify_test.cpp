#include <doctest/doctest.h>

#include "program.h"

namespace nsameta::test {
namespace {

TEST_CASE("backends that agree exit 0, those that cannot run say why") {
  const outcome result = run("verify --backends cpu,cpu/tbb,hip --cases 40");
  CHECK_MESSAGE(result.code == 0, result.err);
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() >= 4);
  CHECK(lines[1].starts_with("cpu "));
  CHECK(lines[2].starts_with("cpu/tbb"));
  CHECK(lines[2].find("40") != std::string::npos);
  if (!is_ready("hip")) CHECK(lines[3].size() > std::string("hip      0           0  ").size());
}

TEST_CASE("a required backend that cannot run exits 3") {
  CHECK(run("verify --backends cpu --cases 5 --require cpu").code == 0);
  for (const char* gpu : {"cuda", "hip"}) {
    if (is_ready(gpu)) continue;
    const outcome result = run(std::string("verify --cases 5 --backends cpu,cuda,hip --require ") + gpu);
    CHECK(result.code == 3);
    CHECK(result.err.find(std::string("--require: ") + gpu) != std::string::npos);
    CHECK(run("verify --cases 5 --backends cpu", "", std::string("NSAMETA_REQUIRE=") + gpu).code == 3);
  }
}

TEST_CASE("a mismatch exits 1 with a small problem that fill takes") {
  const outcome result = run("verify --backends cuda --cases 30", "", "NSAMETA_PLUGIN_DIR='" NSAMETA_IDLE_MODULE "'");
  CHECK(result.code == 1);
  CHECK(result.err.find("cuda: ") != std::string::npos);
  const auto lines = lines_of(result.out);
  REQUIRE_FALSE(lines.empty());
  const auto problem = nlohmann::json::parse(lines.back());
  CHECK(problem["seq_lens"].size() <= 1);
  CHECK(run("fill", lines.back()).code == 0);
}

TEST_CASE("a name that is no backend exits 2 and names the nearest") {
  for (const char* option : {"--backends", "--require"}) {
    const outcome result = run(std::string("verify --cases 1 ") + option + " cup");
    CHECK(result.code == 2);
    CHECK(result.err.find("\"cup\"") != std::string::npos);
    CHECK(result.err.find("\"cpu\"") != std::string::npos);
  }
}

TEST_CASE("lists are read as people write them, and the vendors' words are known") {
  const outcome spaced = run("verify --cases 2 --backends 'CPU, cpu/tbb,\r' --require 'cpu, CPU'");
  CHECK_MESSAGE(spaced.code == 0, spaced.err);
  CHECK(spaced.out.find("cpu/tbb") != std::string::npos);
  CHECK(run("verify --cases 1 --backends nvidia").err.find("did you mean \"cuda\"?") != std::string::npos);
  CHECK(run("verify --cases 1 --backends atuo").err.find("did you mean") == std::string::npos);
}

TEST_CASE("an index or a variant that is not there exits 2") {
  for (const char* entry : {"cpu:7", "cpu/scalar"}) {
    const outcome result = run(std::string("verify --cases 1 --backends ") + entry);
    CHECK(result.code == 2);
    CHECK(result.out.empty());
    CHECK(result.err.find(entry) != std::string::npos);
  }
}

}  // namespace
}  // namespace nsameta::test
