// While one thread is inside a backend, others go on: no lock is held there. Wants a process of its own.
#include <doctest/doctest.h>

#include <dlfcn.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "filling.h"
#include "held_launch.h"
#include "nsameta/nsameta.hpp"

using namespace nsameta::test;
using nsameta::held_launch;

namespace {

constexpr nsameta_target on_cuda[]{{NSAMETA_DEVICE_CUDA, 0, nullptr, 0}, {NSAMETA_DEVICE_CUDA, 1, nullptr, 0}};
constexpr nsameta_target anywhere{NSAMETA_DEVICE_AUTO, 0, nullptr, 0};

/// Of the module that the library has opened.
std::atomic<held_launch>& module_hold() {
  const std::string file = std::string(std::getenv("NSAMETA_PLUGIN_DIR")) + "/nsameta_cuda.so";
  void* module = dlopen(file.c_str(), RTLD_NOW | RTLD_NOLOAD);
  REQUIRE(module != nullptr);
  void* found = dlsym(module, "nsameta_test_hold");
  REQUIRE(found != nullptr);
  return *reinterpret_cast<decltype(&nsameta_test_hold)>(found)();
}

}  // namespace

TEST_CASE("others go on while a launch takes its time" * doctest::skip()) {
  REQUIRE(nsameta_warmup(&on_cuda[0]) == NSAMETA_OK);
  std::atomic<held_launch>& hold = module_hold();
  filling mine(small_recipe(1), {"cuda", 0});
  hold = held_launch::wanted;
  std::string said;
  std::jthread held([&] { said = mine.wrong_after_fill(on_cuda[0]); });
  wait_while(hold, held_launch::wanted);
  REQUIRE(hold == held_launch::held);

  CHECK(filling(small_recipe(2), {"cuda", 1}).wrong_after_fill(on_cuda[1]) == "");
  CHECK(filling(small_recipe(3), {"cuda", 0}).wrong_after_fill(on_cuda[0]) == "");
  CHECK(filling(large_recipe(4)).wrong_after_fill_on("cpu/tbb") == "");
  CHECK(filling(small_recipe(5)).wrong_after_fill(anywhere) == "");
  CHECK(complaint("warm-up", nsameta_warmup(&anywhere)) == "");
  CHECK(nsameta::backends().size() == 5);
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  CHECK(complaint("kernel info", nsameta_get_kernel_info(64, 4, &on_cuda[0], &decision)) == "");

  REQUIRE(hold == held_launch::held);
  hold = held_launch::none;
  held.join();
  CHECK(said == "");
}
