// While one thread is inside a backend, others go on: no lock is held there. Wants a process of its own.
#include <doctest/doctest.h>

#include <string>
#include <thread>

#include "fixture.h"
#include "held_call.h"
#include "nsameta/nsameta.hpp"
#include "recipes.h"

using namespace nsameta::test;
using nsameta::held_call;

namespace {

constexpr nsameta_target on_cuda[]{{NSAMETA_DEVICE_CUDA, 0, nullptr, 0}, {NSAMETA_DEVICE_CUDA, 1, nullptr, 0}};

}  // namespace

TEST_CASE("others go on while a launch takes its time" * doctest::skip()) {
  REQUIRE(nsameta_warmup(&on_cuda[0]) == NSAMETA_OK);
  std::atomic<held_call>& hold = module_hold();
  filling mine(small_recipe(1), {"cuda", 0});
  hold = held_call::launch_wanted;
  std::string said;
  std::jthread held([&] { said = mine.wrong_after_fill(on_cuda[0]); });
  wait_while(hold, held_call::launch_wanted);
  REQUIRE(hold == held_call::held);

  CHECK(filling(small_recipe(2), {"cuda", 1}).wrong_after_fill(on_cuda[1]) == "");
  CHECK(filling(small_recipe(3), {"cuda", 0}).wrong_after_fill(on_cuda[0]) == "");
  CHECK(filling(large_recipe(4)).wrong_after_fill_on("cpu/tbb") == "");
  CHECK(filling(small_recipe(5)).wrong_after_fill(anywhere) == "");
  CHECK(complaint("warm-up", nsameta_warmup(&anywhere)) == "");
  CHECK(nsameta::backends().size() == 5);
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  CHECK(complaint("kernel info", nsameta_get_kernel_info(64, 4, &on_cuda[0], &decision)) == "");

  REQUIRE(hold == held_call::held);
  hold = held_call::none;
  held.join();
  CHECK(said == "");
}
