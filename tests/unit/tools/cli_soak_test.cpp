#include <doctest/doctest.h>

#include <chrono>

#include "program.h"

namespace nsameta::test {
namespace {

/// AddressSanitizer keeps released memory back for a while, which looks like a leak of resident bytes.
const std::string calm = "ASAN_OPTIONS=quarantine_size_mb=1 ";

outcome soak(const std::string& arguments, const std::string& environment = "") {
  return run("soak --json " + arguments, "", calm + environment);
}

std::string with_module(const std::string& folder) { return "NSAMETA_PLUGIN_DIR='" + folder + "' "; }

TEST_CASE("backends that are right and keep nothing exit 0, or 3 if one that was named cannot run") {
  CHECK(soak("--minutes 0.005 --backends cpu").code == 0);
  const outcome result = soak("--minutes 0.05 --backends cpu,cpu/tbb,hip");
  CHECK_MESSAGE(result.code == (is_ready("hip") ? 0 : 3), result.out << result.err);
  if (!is_ready("hip")) CHECK(result.err.find("--backends: hip did not run: ") != std::string::npos);
  const auto report = json_of(result);
  CHECK(report["minutes"].get<double>() >= 0.05);
  CHECK(report["mismatches"] == 0);
  CHECK(report["leaks"] == 0);
  CHECK(report["cases"].get<int>() >= 5);
  std::uint64_t executions = 0;
  for (const auto& backend : report["backends"]) {
    const bool ran = backend["not_run"].get<std::string>().empty();
    const std::string name = backend["name"];
    CHECK(ran == is_ready(name.substr(0, name.find_first_of(":/"))));
    CHECK(backend["executions"] == (ran ? report["cases"] : nlohmann::json(0)));
    executions += backend["executions"].get<std::uint64_t>();
  }
  CHECK(report["executions"] == executions);
  REQUIRE(report["resources"].size() == 5);
  for (const auto& resource : report["resources"])
    for (const auto& least : resource["least"]) CHECK_MESSAGE(least.get<std::int64_t>() > 0, resource.dump());
}

TEST_CASE("simt, whose stacks grow with the largest cluster so far, is right too") {
  if (!is_ready("simt")) return;
  const outcome result = soak("--minutes 0.03 --backends simt");
  CHECK_MESSAGE(json_of(result)["mismatches"] == 0, result.out << result.err);
  CHECK(json_of(result)["executions"].get<int>() >= 2);
}

TEST_CASE("a leak of any kind exits 4 and is named") {
  for (const std::string kind : {"allocated_bytes", "descriptors", "threads", "mappings"}) {
    const outcome result =
        soak("--minutes 0.03 --backends cuda", with_module(NSAMETA_LEAKING_MODULE) + "NSAMETA_TEST_LEAK=" + kind);
    CHECK_MESSAGE(result.code == 4, result.out << result.err);
    const auto report = json_of(result);
    CHECK(report["mismatches"] == 0);
    CHECK(report["leaks"].get<int>() >= 1);
    for (const auto& resource : report["resources"])
      if (resource["name"] == kind) CHECK_MESSAGE(resource["leaks"] == true, resource.dump());
  }
  CHECK(soak("--minutes 0.03 --backends cuda", with_module(NSAMETA_LEAKING_MODULE)).code == 0);
}

TEST_CASE("a mismatch exits 1 and tells how to have it again") {
  const outcome result = soak("--minutes 0.001 --backends cuda,cpu", with_module(NSAMETA_IDLE_MODULE));
  CHECK(result.code == 1);
  const auto report = json_of(result);
  CHECK(report["mismatches"].get<int>() > 0);
  CHECK_FALSE(report["backends"][1].contains("failure"));
  const auto failure = report["backends"][0]["failure"];
  CHECK(failure["what"].get<std::string>().starts_with("cuda: "));
  CHECK(run("fill", failure["problem"].dump()).code == 0);

  const std::string again = failure["again"];
  REQUIRE(again.starts_with("nsameta soak --seed 1 --case "));
  const outcome repeated = run(again.substr(std::string("nsameta ").size()), "", with_module(NSAMETA_IDLE_MODULE));
  CHECK(repeated.code == 1);
  CHECK(repeated.out.find("1 executions, 1 mismatches") != std::string::npos);
  CHECK(repeated.err.find(failure["what"].get<std::string>()) != std::string::npos);
  CHECK(nlohmann::json::parse(lines_of(repeated.out).back()) == failure["problem"]);
}

TEST_CASE("the text tells backends, resources and the sum") {
  const outcome result = run("soak --minutes 0.001 --backend cpu --seed 7");
  CHECK_MESSAGE(result.code == 0, result.out << result.err);
  for (const char* text : {"cpu", "executions", "allocated_bytes", "descriptors", "steady", "seed 7", "0 mismatches"})
    CHECK(result.out.find(text) != std::string::npos);
}

TEST_CASE("a soak of a backend that cannot run exits 3 at once") {
  if (is_ready("hip")) return;
  const auto begin = std::chrono::steady_clock::now();
  const outcome result = soak("--minutes 1 --backends hip");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
  CHECK(result.code == 3);
  CHECK(result.err.find("--backends: hip did not run: ") != std::string::npos);
  CHECK(json_of(result)["resources"].empty());
}

TEST_CASE("an option that makes no sense is named with its value") {
  for (const char* arguments : {"--minutes nan", "--minutes -1", "--minutes 0", "--minutes inf", "--minutes soon",
                                "--minutes 1e7", "--seed -1", "--case -1", "--case x", "--backends cup"}) {
    const outcome result = run(std::string("soak ") + arguments);
    CHECK_MESSAGE(result.code == 2, arguments);
    CHECK(result.out.empty());
    const std::string text = arguments;
    const std::size_t space = text.find(' ');
    CHECK_MESSAGE(result.err.find(text.substr(space + 1)) != std::string::npos, result.err);
    if (text.starts_with("--backends")) continue;  // as `verify`, it names the entry
    CHECK_MESSAGE(result.err.find(text.substr(0, space)) != std::string::npos, result.err);
  }
  CHECK(run("soak --minutes 1 --case 2").code == 2);
}

}  // namespace
}  // namespace nsameta::test
