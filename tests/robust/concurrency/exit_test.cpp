// Calls while the process exits: from handlers and destructors that came before or after the first call, and on threads
// that do not know of it. Each case wants a process of its own, in which nothing has called the library yet; a round is
// a child of that.
#include <doctest/doctest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "child.h"
#include "fixture.h"
#include "harness/library_error.h"
#include "nsameta/nsameta.hpp"
#include "recipes.h"

using namespace nsameta::test;

namespace {

constexpr nsameta_target on_simt{NSAMETA_DEVICE_SIMT, 1, nullptr, 0};
constexpr nsameta_target on_cuda{NSAMETA_DEVICE_CUDA, 0, nullptr, 0};

bool has_cuda() {
  nsameta_device_info device;
  return nsameta_device("cuda", 0, &device) == NSAMETA_OK;
}

/// A driver may be gone by then, also to ask where memory is. That is a device error, in its own words.
std::string unless_driver_is_gone(const std::string& said) {
  const auto holds = [&](const char* words) { return said.find(words) != std::string::npos; };
  return holds("device_error: ") && holds("driver shutting down") ? "" : said;
}

std::string use_cuda() {
  try {
    return filling(small_recipe(5), {"cuda", 0}).wrong_after_fill(on_cuda);
  } catch (const nsameta::harness::library_error& error) {
    return error.what();
  }
}

std::string use_everything() {
  std::string said = filling(small_recipe(1)).wrong_after_fill();
  said += unless_driver_is_gone(filling(small_recipe(2)).wrong_after_fill(anywhere));
  said += filling(small_recipe(3)).wrong_after_fill(on_simt);
  said += filling(large_recipe(4)).wrong_after_fill();
  said += filling(large_recipe(5)).wrong_after_fill_on("cpu/tbb");
  if (has_cuda()) said += unless_driver_is_gone(use_cuda());
  for (const nsameta_backend_info& each : nsameta::backends())
    if (std::string(each.name) == "simt" && std::string(each.version).find("Boost") == std::string::npos)
      said += "simt's version is " + std::string(each.version);
  said += unless_driver_is_gone(complaint("warm-up", nsameta_warmup(&anywhere)));
  return said + unless_refused("null", nsameta_warmup(nullptr), NSAMETA_INVALID_ARGUMENT, "target is null");
}

/// Ends the process at once if something goes wrong.
void use_at_exit() {
  const std::string said = use_everything();
  if (said.empty()) return;
  std::fprintf(stderr, "at exit: %s\n", said.c_str());
  _exit(3);
}

struct user {
  ~user() { use_at_exit(); }
};

}  // namespace

TEST_SUITE_BEGIN("exit");

TEST_CASE("handlers and destructors from before the first call" * doctest::skip()) {
  CHECK(in_child(ending::by_exit, [] {
          std::atexit(use_at_exit);
          static const user whole_process;
          thread_local const user whole_thread;
          return use_everything();
        }) == "");
}

TEST_CASE("handlers and destructors from after the first call" * doctest::skip()) {
  CHECK(in_child(ending::by_exit, [] {
          const std::string said = use_everything();
          std::atexit(use_at_exit);
          static const user whole_process;
          thread_local const user whole_thread;
          return said;
        }) == "");
}

TEST_CASE("the first call from a handler" * doctest::skip()) {
  CHECK(in_child(ending::by_exit, [] {
          std::atexit(use_at_exit);
          return "";
        }) == "");
}

TEST_CASE("threads that fill while the process exits" * doctest::skip()) {
  for (int round = 0; round < 6; ++round)
    CHECK(in_child(ending::by_exit, [round] {
            static std::atomic<int> begun = 0;
            constexpr int threads = 5;
            static filling* kept[threads][2];  // never freed: the threads end with the process
            for (int i = 0; i < threads; ++i)
              std::thread([i] {
                filling& large = *(kept[i][0] = new filling(large_recipe(i)));
                filling& small = *(kept[i][1] = new filling(small_recipe(i)));
                for (;; ++begun) {
                  const nsameta_target& target = i % 2 == 0 ? on_host : on_simt;
                  const std::string said = i == 0   ? large.wrong_after_fill_on("cpu/tbb")
                                           : i == 1 ? large.wrong_after_fill()
                                                    : small.wrong_after_fill(target);
                  if (said.empty()) continue;
                  std::fprintf(stderr, "a thread at exit: %s\n", said.c_str());
                  _exit(3);
                }
              }).detach();
            const auto enough = round % 3 * 8;  // also before the first call is over
            while (begun < enough) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            return "";
          }) == "");
}

TEST_SUITE_END();
