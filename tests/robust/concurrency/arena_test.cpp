// Fills in a caller's arenas and parallel loops of oneTBB. Each case wants a process of its own, because the scheduler
// is the process's.
#include <doctest/doctest.h>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <thread>
#include <vector>

#include "fixture.h"
#include "nsameta/nsameta.hpp"
#include "recipes.h"

using namespace nsameta::test;

namespace {

/// How many threads are in an arena at once, at most. Of the arena that it is made in, where none is named.
class head_count : public tbb::task_scheduler_observer {
 public:
  head_count() { observe(true); }
  explicit head_count(tbb::task_arena& of) : task_scheduler_observer(of) { observe(true); }
  ~head_count() override { observe(false); }
  void on_scheduler_entry(bool) override {
    const int now = ++inside_;
    for (int known = most_; known < now && !most_.compare_exchange_weak(known, now);) continue;
  }
  void on_scheduler_exit(bool) override { --inside_; }
  int most() const { return most_; }

 private:
  std::atomic<int> inside_ = 0, most_ = 0;
};

/// Of the process, with the one that a sanitizer starts beside the first. The least of some readings: a thread that was
/// joined is listed a little longer.
int thread_count() {
  std::jthread([] {}).join();
  std::ptrdiff_t least = std::numeric_limits<int>::max();
  for (int reading = 0; reading < 20; ++reading) {
    least = std::min(least, std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return static_cast<int>(least);
}

constexpr int fills = 3;

std::string fill_some() {
  std::string said;
  for (int i = 0; i < fills; ++i) said += filling(large_recipe(i)).wrong_after_fill_on("cpu/tbb");
  return said;
}

/// What the calling thread is doing: a task of the caller's may not come upon it inside a fill.
thread_local bool inside_fill = false;

/// Tasks of a caller's loop, each with a fill of its own.
class loop_of_fills {
 public:
  explicit loop_of_fills(int tasks) {
    for (int i = 0; i < tasks; ++i) all_.push_back(std::make_unique<filling>(large_recipe(i)));
  }
  int size() const { return static_cast<int>(all_.size()); }

  void run(int task) {
    intrusions_ += inside_fill ? 1 : 0;
    inside_fill = true;
    filling& mine = *all_[static_cast<std::size_t>(task)];
    failures_ += nsameta_fill(&mine.problem(), &mine.outputs(), &on_host) != NSAMETA_OK;
    inside_fill = false;
    ++done_;
  }
  /// After all have run.
  std::string wrong() {
    if (done_ != size()) return "not all ran";
    std::string said;
    for (const auto& each : all_) said += each->wrong();
    if (failures_ > 0) said += std::to_string(failures_) + " fills failed; ";
    return intrusions_ == 0 ? said : said + std::to_string(intrusions_) + " of the caller's tasks ran inside a fill";
  }

 private:
  std::vector<std::unique_ptr<filling>> all_;
  std::atomic<int> intrusions_ = 0, failures_ = 0, done_ = 0;
};

}  // namespace

TEST_SUITE_BEGIN("arena");

TEST_CASE("an arena of one thread" * doctest::skip()) {
  tbb::task_arena arena(1);
  const head_count heads(arena);
  const int before = thread_count();
  arena.execute([] { CHECK(fill_some() == ""); });
  CHECK(heads.most() == 1);
  CHECK(thread_count() == before);
}

TEST_CASE("an arena of two threads" * doctest::skip()) {
  const tbb::global_control more(tbb::global_control::max_allowed_parallelism, 8);  // on however small a machine
  tbb::task_arena arena(2);
  const head_count heads(arena);
  const int before = thread_count();
  arena.execute([] { CHECK(fill_some() == ""); });
  CHECK(heads.most() <= 2);
  CHECK(thread_count() <= before + 1);
}

TEST_CASE("a limit of one thread for the process" * doctest::skip()) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 1);
  const head_count heads;
  const int before = thread_count();
  CHECK(fill_some() == "");
  CHECK(heads.most() == 1);
  CHECK(thread_count() == before);
}

TEST_CASE("inside a parallel loop" * doctest::skip()) {
  constexpr int allowed = 4;
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, allowed);
  const int before = thread_count();
  loop_of_fills loop(12);
  tbb::task_arena arena(allowed);
  const head_count heads(arena);
  arena.execute(
      [&] { tbb::parallel_for(0, loop.size(), [&](int task) { loop.run(task); }, tbb::simple_partitioner()); });
  CHECK(loop.wrong() == "");
  CHECK(heads.most() <= allowed);
  CHECK(thread_count() <= before + allowed - 1);
}

TEST_CASE("inside a parallel loop inside a parallel loop" * doctest::skip()) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 4);
  loop_of_fills loop(12);
  tbb::parallel_for(0, 3, [&](int outer) { tbb::parallel_for(0, 4, [&](int inner) { loop.run(outer * 4 + inner); }); });
  CHECK(loop.wrong() == "");
}

TEST_SUITE_END();
