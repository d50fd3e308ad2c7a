// Fills by callers who use oneTBB themselves. Each case wants a process of its own, because the scheduler is the
// process's.
#include <doctest/doctest.h>

#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <tbb/task_scheduler_observer.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "filling.h"
#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"

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
    ++done_;
  }
  int size() const { return static_cast<int>(all_.size()); }

  void run(int task) {
    intrusions_ += inside_fill ? 1 : 0;
    ++done_;
    inside_fill = true;
    filling& mine = *all_[static_cast<std::size_t>(task)];
    failures_ += nsameta_fill(&mine.problem(), &mine.outputs(), &on_host) != NSAMETA_OK;
    inside_fill = false;
    ++done_;
  }
  /// After all have run.
  std::string wrong() {
    if (done_ != 1 + 2 * size()) return "not all ran";
    std::string said;
    for (const auto& each : all_) said += each->wrong();
    if (failures_ > 0) said += std::to_string(failures_) + " fills failed; ";
    return intrusions_ == 0 ? said : said + std::to_string(intrusions_) + " of the caller's tasks ran inside a fill";
  }

 private:
  std::vector<std::unique_ptr<filling>> all_;
  std::atomic<int> intrusions_ = 0, failures_ = 0;
  std::atomic<int> done_ = 0;  // tells ThreadSanitizer the order that oneTBB keeps
};

/// A fill of some ten milliseconds, in as many pieces as there are threads.
class long_fill {
 public:
  long_fill() {
    problem_.with_seq_lens(lengths_).with_uniform_extend_len(rows_each).with_kv_shard(3, 1, 16).with_index_kpool(7);
    outputs_.with(&nsameta_outputs::nsa_cache_seqlens, clamped_).with(&nsameta_outputs::nsa_cu_seqlens_k, sums_);
    run_on("cpu/serial");
    expected_ = sums_;
  }
  void reset() { std::ranges::fill(sums_, -1); }
  std::string run() { return run_on("cpu/tbb"); }
  std::string wrong() const { return sums_ == expected_ ? "" : "wrong sums"; }

 private:
  std::string run_on(const char* backend) {
    return complaint(backend, nsameta_fill_on(backend, &problem_, &outputs_, &on_host));
  }

  static constexpr std::int32_t requests = 8, rows_each = 100'000, kv_length = 600'000, rows = requests * rows_each;
  std::vector<std::int32_t> lengths_ = std::vector<std::int32_t>(requests, kv_length);
  std::vector<std::int32_t> clamped_ = std::vector<std::int32_t>(rows);
  std::vector<std::int64_t> sums_ = std::vector<std::int64_t>(rows + 1), expected_;
  nsameta::problem problem_{NSAMETA_EXTEND};
  nsameta::outputs outputs_;
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
  arena.execute([&] {
    tbb::parallel_for(
        0, loop.size(), [&](int task) { loop.run(task); }, tbb::simple_partitioner());
  });
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

/// The caller's thread fills with a heap of its tasks at hand. Another thread is let go when the fill has dealt its
/// pieces, takes one, and has to be waited for. Each task calls `visit`.
template <class Visit>
std::string fill_beside(tbb::task_group& tasks, long_fill& work, const Visit& visit) {
  using clock = std::chrono::steady_clock;
  std::atomic<bool> other_is_there = false, begun = false;
  const auto wait_for = [](const std::atomic<bool>& flag) {
    const auto end = clock::now() + std::chrono::milliseconds(50);
    while (!flag && clock::now() < end) std::this_thread::yield();
  };
  tasks.run([&] {
    other_is_there = true;
    wait_for(begun);
    const auto dealt = clock::now() + std::chrono::microseconds(200);
    while (clock::now() < dealt) continue;
  });
  for (int i = 0; i < 20; ++i) tasks.run(visit);
  work.reset();
  wait_for(other_is_there);
  begun = true;
  inside_fill = true;
  const std::string said = work.run();
  inside_fill = false;
  return said + work.wrong();
}

TEST_CASE("beside tasks that the caller has begun" * doctest::skip()) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 4);
  long_fill work;
  std::atomic<int> intrusions = 0;
  for (int time = 0; time < 8; ++time) {
    tbb::task_group tasks;
    CHECK(fill_beside(tasks, work, [&] { intrusions += inside_fill ? 1 : 0; }) == "");
    tasks.wait();
  }
  CHECK(intrusions == 0);
}

/// A thread that took up one of them while it waits for its fill would wait for itself.
TEST_CASE("under a lock that the caller's other tasks want" * doctest::skip()) {
  const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 4);
  long_fill work;
  std::mutex mutex;
  for (int time = 0; time < 8; ++time) {
    tbb::task_group tasks;
    {
      const std::lock_guard lock(mutex);
      CHECK(fill_beside(tasks, work, [&] { const std::lock_guard same(mutex); }) == "");
    }
    tasks.wait();
  }
}

TEST_SUITE_END();
