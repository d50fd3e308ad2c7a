// Forks while other threads are inside the library, wherever they may be: the child takes over no lock of theirs. Each
// case wants a process of its own, in which nothing has called the library yet.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "child.h"
#include "fixture.h"
#include "held_call.h"
#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"
#include "recipes.h"

using namespace nsameta::test;

namespace {

constexpr nsameta_target on_simt{NSAMETA_DEVICE_SIMT, 0, nullptr, 0};
constexpr nsameta_target on_cuda{NSAMETA_DEVICE_CUDA, 0, nullptr, 0};

/// Takes part `number` in what threads do with the library.
std::string take_part(int number) {
  switch (number % 6) {
    case 0:
      return filling(large_recipe(number)).wrong_after_fill();
    case 1:
      return filling(small_recipe(number)).wrong_after_fill(on_simt);
    case 2:
      return filling(small_recipe(number), {"cuda", 0}).wrong_after_fill(on_cuda);
    case 3:
      return filling(small_recipe(number)).wrong_after_fill(anywhere);
    case 4:
      return complaint("warm-up", nsameta_warmup(&anywhere));
    default:
      return nsameta::backends().size() == 5 ? "" : "not five backends";
  }
}

/// What a child does: all of it but new threads, which ThreadSanitizer does not allow here.
std::string use_as_child() {
  std::string said = filling(small_recipe(1)).wrong_after_fill();
  said += filling(small_recipe(2)).wrong_after_fill(anywhere);
  said += filling(small_recipe(3)).wrong_after_fill(on_simt);
  said += complaint("warm-up", nsameta_warmup(&anywhere));
  if (nsameta::backends().size() != 5) said += "not five backends";
  filling one(small_recipe(4));
  const nsameta_status status = nsameta_fill(&one.problem(), &one.outputs(), &on_cuda);
  if (status == NSAMETA_OK) return said + one.wrong();
  return said + unless_refused("cuda", status, NSAMETA_BACKEND_UNAVAILABLE, "the process was forked");
}

}  // namespace

TEST_SUITE_BEGIN("fork");

/// One thread stands in the probe of a module, which its first call, that of an override, has led it to; one in the log
/// callback.
TEST_CASE("while threads hold every lock" * doctest::skip()) {
  static thread_local bool stays = false;
  static std::atomic<bool> in_callback = false, over = false;
  nsameta_set_log_callback(
      [](const char*, void*) {
        in_callback = in_callback || stays;
        while (stays && !over) std::this_thread::yield();
      },
      nullptr);
  std::atomic<nsameta::held_call>& hold = module_hold();
  hold = nsameta::held_call::probe_wanted;
  std::string said[2];
  {
    const std::jthread probes([&] { said[0] = filling(small_recipe(1)).wrong_after_fill(); });
    wait_while(hold, nsameta::held_call::probe_wanted);
    const std::jthread logs([&] {
      stays = true;
      nsameta_device_info info;
      said[1] = complaint("device", nsameta_device("cpu", 0, &info));
    });
    while (!in_callback) std::this_thread::yield();
    const auto as_child = [] {
      const std::string wrong = use_as_child();
      nsameta_device_info info;
      return wrong + unless_refused("device", nsameta_device("cuda", 0, &info), NSAMETA_BACKEND_UNAVAILABLE,
                                    "the process was forked");
    };
    CHECK(in_child(ending::without_exit, as_child) == "");
    CHECK(in_child(ending::without_exit, [&] { return in_child(ending::without_exit, as_child); }) == "");
    over = true;
    hold = nsameta::held_call::none;
  }
  CHECK(said[0] == "");
  CHECK(said[1] == "");
}

TEST_CASE("while threads use the library" * doctest::skip()) {
  constexpr int threads = 6, forks = 25;
  nsameta_set_log_callback([](const char*, void*) {}, nullptr);
  REQUIRE(filling(large_recipe(0)).wrong_after_fill_on("cpu/tbb") == "");
  std::atomic<bool> over = false;
  std::vector<std::string> said(threads);
  {
    std::vector<std::jthread> users;
    for (int i = 0; i < threads; ++i)
      users.emplace_back([&, i] {
        while (!over) said[static_cast<std::size_t>(i)] += take_part(i);
      });
    for (int i = 0; i < forks; ++i)
      CHECK(in_child(ending::without_exit, [] {
              const std::string wrong = use_as_child();
              return wrong + filling(large_recipe(1)).wrong_after_fill();  // on one thread, since oneTBB was used
            }) == "");
    over = true;
  }
  for (const std::string& each : said) CHECK(each == "");
}

/// Nothing else is called before the forks, so that the callback's own lock has to see to itself. Each callback knows
/// the pointer that comes with it.
TEST_CASE("while a thread sets the log callback" * doctest::skip()) {
  constexpr int forks = 400;
  static const char first = 0, second = 0;
  static int lines = 0, strangers = 0;  // a child's
  const auto take_first = [](const char*, void* user) { ++lines, strangers += user != &first; };
  const auto take_second = [](const char*, void* user) { ++lines, strangers += user != &second; };
  nsameta_set_log_callback(take_first, const_cast<char*>(&first));
  std::atomic<bool> over = false;
  const std::jthread setter([&] {
    while (!over) {
      nsameta_set_log_callback(take_second, const_cast<char*>(&second));
      nsameta_set_log_callback(take_first, const_cast<char*>(&first));
    }
  });
  std::string said;
  for (int i = 0; i < forks && said.empty(); ++i)
    said = in_child(ending::without_exit, [&]() -> std::string {
      nsameta_device_info device;
      if (nsameta_device("cpu", 0, &device) != NSAMETA_OK) return nsameta_last_error();
      nsameta_set_log_callback(nullptr, nullptr);
      if (lines == 0) return "nothing was logged";
      return strangers == 0 ? "" : "a callback got a pointer that is not its own";
    });
  over = true;
  CHECK(said == "");
}

/// Its exit waits for no fill of the parent's.
TEST_CASE("children that exit while a thread fills" * doctest::skip()) {
  constexpr int forks = 8;
  constexpr auto long_before_patience_ends = std::chrono::seconds(5);
  std::atomic<bool> over = false;
  std::string said = filling(large_recipe(0)).wrong_after_fill_on("cpu/tbb");
  {
    const std::jthread user([&] {
      filling mine(large_recipe(1));
      while (!over) (void)nsameta_fill_on("cpu/tbb", &mine.problem(), &mine.outputs(), &on_host);
    });
    for (int i = 0; i < forks; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      said += in_child(ending::by_exit, [] { return filling(large_recipe(2)).wrong_after_fill(); });
      if (std::chrono::steady_clock::now() - begin > long_before_patience_ends) said += "a child took long; ";
    }
    over = true;
  }
  CHECK(said == "");
}

/// A round is a child in which nobody has called the library yet.
TEST_CASE("while threads make the first calls" * doctest::skip()) {
  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round)
    CHECK(in_child(ending::without_exit, [round] {
            constexpr int threads = 6, forks = 3;
            nsameta_set_log_callback([](const char*, void*) {}, nullptr);
            std::vector<std::string> said(threads + 1);
            {
              std::vector<std::jthread> users;
              for (int i = 0; i < threads; ++i)
                users.emplace_back([&, i] { said[static_cast<std::size_t>(i)] = take_part(i + round); });
              for (int i = 0; i < forks; ++i) said[threads] += in_child(ending::without_exit, use_as_child);
            }
            std::string all;
            for (const std::string& each : said) all += each;
            return all;
          }) == "");
}

TEST_SUITE_END();
