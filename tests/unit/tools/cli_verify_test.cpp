#include <doctest/doctest.h>

#include "program.h"

namespace nsameta::test {
namespace {

TEST_CASE("backends that agree exit 0; one that was named and cannot run says why and exits 3") {
  CHECK(run("verify --backends cpu,cpu/tbb --cases 4").code == 0);
  CHECK(run("verify --cases 4").code == 0);  // of those that were not named
  const outcome result = run("verify --backends cpu,cpu/tbb,hip --cases 40");
  CHECK_MESSAGE(result.code == (is_ready("hip") ? 0 : 3), result.err);
  if (!is_ready("hip")) CHECK(result.err.find("--backends: hip did not run: ") != std::string::npos);
  const auto lines = lines_of(result.out);
  REQUIRE(lines.size() >= 4);
  CHECK(lines[1].starts_with("cpu "));
  CHECK(lines[2].starts_with("cpu/tbb"));
  CHECK(lines[2].find("40") != std::string::npos);
  if (!is_ready("hip")) CHECK(lines[3].size() > std::string("hip      0           0  ").size());
}

TEST_CASE("half of the cases are steps, and the text and the JSON count them by what they ask for") {
  const auto report = json_of(run("verify --json --backends cpu,hip --cases 80 --seed 3"));
  CHECK(report["seed"] == 3);
  const auto cpu = report["backends"][0];
  CHECK(cpu["cases"] == 80);
  CHECK(cpu["cases_of_kind"]["any batch"] == 40);
  for (const char* kind : {"step, lengths alone", "step, vectors", "step, status", "step, page tables"})
    CHECK_MESSAGE(cpu["cases_of_kind"][kind].get<int>() >= 2, kind);
  if (!is_ready("hip")) CHECK(!report["backends"][1]["not_run"].get<std::string>().empty());
  CHECK(run("verify --backends cpu --cases 4").out.find("step, lengths alone") != std::string::npos);
}

TEST_CASE("every kernel runs a good share of the cases, which are counted") {
  if (!is_ready("simt")) return;
  const auto report = json_of(run("verify --json --backends simt:0 --cases 400"))["backends"][0];
  const auto cases = report["cases_of_kernel"];
  CHECK(report["mismatches"] == 0);
  CHECK(cases.size() == 11);
  for (const auto& [kernel, share] : cases.items()) CHECK_MESSAGE(share >= 10, kernel);
  CHECK(run("verify --backends simt:0 --cases 8").out.find("\ncases run by  ") != std::string::npos);
}

TEST_CASE("nothing to run exits 3") {
  if (is_ready("hip")) return;
  const outcome result = run("verify --backends hip --cases 3");
  CHECK(result.code == 3);
  CHECK(result.err.find("--backends: hip did not run: ") != std::string::npos);
  CHECK(run("verify --json --backends hip --cases 3").code == 3);
}

TEST_CASE("a list without an entry exits 2") {
  for (const char* option : {"--backends ''", "--backends ,", "--require ', '"})
    CHECK_MESSAGE(run(std::string("verify --cases 1 ") + option).err.find("names no backend") != std::string::npos,
                  option);
}

TEST_CASE("a terminal is shown a bar with the time that is left, which is wiped out") {
  for (const char* arguments :
       {"verify --cases 40 --backends cpu", "soak --minutes 0.01 --backends cpu", "replay --steps 40"}) {
    const std::string shown = shown_on_terminal(arguments);
    if (shown.empty()) return;  // there is no `script`
    CHECK_MESSAGE(shown.find(" %, ") != std::string::npos, arguments);
    CHECK_MESSAGE(shown.find(" s left") != std::string::npos, arguments);
    CHECK_MESSAGE(shown.find("\r\033[K", shown.rfind(" left")) != std::string::npos, arguments);
  }
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
  const outcome json =
      run("verify --json --backends cuda --cases 30", "", "NSAMETA_PLUGIN_DIR='" NSAMETA_IDLE_MODULE "'");
  CHECK(json.code == 1);
  CHECK(json_of(json)["backends"][0]["failure"]["problem"] == problem);
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
