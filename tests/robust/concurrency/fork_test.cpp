// What a forked child can do with the library, and what it is told where it cannot. Each case wants a process of its
// own, in which nothing has called the library yet.
#include <doctest/doctest.h>

#include <cstdlib>

#include "child.h"
#include "fixture.h"
#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"
#include "recipes.h"

using namespace nsameta::test;

namespace {

constexpr nsameta_target on_cuda{NSAMETA_DEVICE_CUDA, 1, nullptr, 0};
constexpr nsameta_target on_simt{NSAMETA_DEVICE_SIMT, 1, nullptr, 0};

/// Runs on the host alone, where nothing stays behind. A line for each thing that went wrong.
std::string use_host() {
  std::string said;
  for (const nsameta_target& target : {on_host, anywhere, on_simt})
    for (int number = 0; number < 4; ++number) said += filling(small_recipe(number)).wrong_after_fill(target);
  filling large(large_recipe(1));
  said += large.wrong_after_fill();
  for (const char* backend : {"reference", "cpu/serial", "simt:0"})
    said += filling(small_recipe(5)).wrong_after_fill_on(backend);
  said += complaint("warm-up", nsameta_warmup(&anywhere));
  return said + complaint("warm-up", nsameta_warmup(&on_simt));
}

std::string use_threads() { return filling(large_recipe(2)).wrong_after_fill_on("cpu/tbb"); }

std::string use_cuda() {
  const std::string warmed = complaint("warm-up", nsameta_warmup(&on_cuda));
  return warmed + filling(small_recipe(6), {"cuda", 1}).wrong_after_fill(on_cuda);
}

nsameta_backend_info info_of(const char* backend) {
  for (const nsameta_backend_info& each : nsameta::backends())
    if (std::string(each.name) == backend) return each;
  return {};
}

std::string miss_cuda() {
  std::string said;
  const auto refused = [&](const char* call, nsameta_status status) {
    said +=
        unless_refused(call, status, NSAMETA_BACKEND_UNAVAILABLE, "the process was forked after it used this backend");
  };
  filling one(small_recipe(0));
  nsameta_device_info device;
  void* something = nullptr;
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  refused("fill", nsameta_fill(&one.problem(), &one.outputs(), &on_cuda));
  refused("fill_on", nsameta_fill_on("cuda", &one.problem(), &one.outputs(), &on_cuda));
  refused("explain", nsameta_explain(&one.problem(), &one.outputs(), &on_cuda, &decision));
  refused("warm-up", nsameta_warmup(&on_cuda));
  refused("device", nsameta_device("cuda", 0, &device));
  refused("allocate", nsameta_device_allocate("cuda", 0, 64, &something));
  refused("stream", nsameta_stream_create("cuda", 0, &something));
  const nsameta_backend_info cuda = info_of("cuda");
  if (cuda.state != NSAMETA_BACKEND_FORKED || cuda.device_count != 0 || *cuda.reason == '\0')
    said += "cuda is not listed as forked";
  return said;
}

/// A large batch runs on one thread, and the decision says why; nobody is given that in place of what was forced.
std::string miss_threads() {
  filling large(large_recipe(3));
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  const std::string why = "the process was forked after it used oneTBB";
  std::string said = unless_refused("cpu/tbb", nsameta_fill_on("cpu/tbb", &large.problem(), &large.outputs(), &on_host),
                                    NSAMETA_BACKEND_UNAVAILABLE, why.c_str());
  said += complaint("explain", nsameta_explain(&large.problem(), &large.outputs(), &on_host, &decision));
  if (std::string(decision.backend) + "/" + decision.variant != "cpu/serial") said += "cpu/serial was not chosen";
  for (const nsameta_rejection& each : decision.rejections)
    if (std::string(each.candidate) == "cpu/tbb" && each.code == NSAMETA_REJECTED_UNAVAILABLE)
      return std::string(each.why).find(why) == 0 ? said : said + each.why;
  return said + "nothing says why cpu/tbb does not run";
}

}  // namespace

TEST_SUITE_BEGIN("fork");

TEST_CASE("before the first use" * doctest::skip()) {
  const auto use_all = [] { return use_host() + use_threads() + use_cuda(); };
  CHECK(in_child(ending::by_exit, use_all) == "");
  CHECK(in_child(ending::by_exit, [&] { return in_child(ending::by_exit, use_all); }) == "");
  CHECK(use_all() == "");
}

TEST_CASE("after everything was used" * doctest::skip()) {
  REQUIRE(use_host() + use_threads() + use_cuda() == "");
  for (int time = 0; time < 2; ++time) {
    const auto use_rest = [] { return use_host() + miss_cuda() + miss_threads(); };
    CHECK(in_child(ending::without_exit, use_rest) == "");
    CHECK(in_child(ending::without_exit, [&] { return in_child(ending::without_exit, use_rest); }) == "");
    const auto between = [&] { return use_host() + in_child(ending::without_exit, use_rest); };
    CHECK(in_child(ending::without_exit, between) == "");
    CHECK(use_host() + use_threads() + use_cuda() == "");  // the parent goes on
  }
}

TEST_CASE("after some was used" * doctest::skip()) {
  REQUIRE(filling(small_recipe(1)).wrong_after_fill() == "");
  const auto use_all = [] { return use_threads() + use_cuda() + use_host(); };
  CHECK(in_child(ending::by_exit, use_all) == "");
  REQUIRE(nsameta_warmup(&on_cuda) == NSAMETA_OK);
  CHECK(in_child(ending::by_exit, [] { return use_threads() + miss_cuda() + use_host(); }) == "");
}

TEST_CASE("an override that the child cannot follow" * doctest::skip()) {
  const std::string forced = std::getenv("NSAMETA_BACKEND");
  filling large(large_recipe(4));
  REQUIRE(large.wrong_after_fill() == "");
  CHECK(in_child(ending::without_exit, [&]() -> std::string {
          const char* words = forced == "cuda" ? "used this backend" : "used oneTBB";
          std::string said = unless_refused("fill", nsameta_fill(&large.problem(), &large.outputs(), &on_host),
                                            NSAMETA_BACKEND_UNAVAILABLE, words);
          said += unless_refused("warm-up", nsameta_warmup(&on_host), NSAMETA_BACKEND_UNAVAILABLE, words);
          return said + unless_refused("override", nsameta_set_override("cpu"), NSAMETA_INVALID_OVERRIDE,
                                       "after the first dispatch");
        }) == "");
}

TEST_CASE("a list of overrides of which the child can follow the last" * doctest::skip()) {
  filling large(large_recipe(4));
  REQUIRE(large.wrong_after_fill() == "");
  CHECK(in_child(ending::without_exit, [&]() -> std::string {
          nsameta_decision decision{};
          decision.struct_size = sizeof decision;
          std::string said = large.wrong_after_fill();
          said += complaint("explain", nsameta_explain(&large.problem(), &large.outputs(), &on_host, &decision));
          const nsameta_rejection& first = decision.rejections[0];
          if (first.code != NSAMETA_REJECTED_UNAVAILABLE ||
              std::string(first.why).find("was forked") == std::string::npos)
            said += std::string(first.candidate) + ": " + first.why;
          if (std::string(decision.variant) != "serial") said += "not cpu/serial";
          return said + complaint("warm-up", nsameta_warmup(&on_host));
        }) == "");
}

TEST_CASE("an override that was set and not yet used" * doctest::skip()) {
  REQUIRE(nsameta_set_override("reference") == NSAMETA_OK);
  CHECK(in_child(ending::by_exit, []() -> std::string {
          nsameta_decision decision{};
          decision.struct_size = sizeof decision;
          filling one(small_recipe(1));
          nsameta_explain(&one.problem(), &one.outputs(), &on_host, &decision);
          return std::string(decision.backend) == "reference" ? one.wrong_after_fill() : "the override was lost";
        }) == "");
}

TEST_SUITE_END();
