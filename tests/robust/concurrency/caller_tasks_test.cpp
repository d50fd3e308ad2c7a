// Fills beside tasks of oneTBB that the caller has begun and that nobody has taken yet. Each case wants a process of
// its own, because the scheduler is the process's.
#include <doctest/doctest.h>

#include <tbb/global_control.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "fixture.h"
#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"

using namespace nsameta::test;

namespace {

/// What the calling thread is doing: a task of the caller's may not come upon it inside a fill.
thread_local bool inside_fill = false;

/// A fill of some ten milliseconds, in as many pieces as there are threads.
class long_fill {
 public:
  long_fill() {
    problem_.with_seq_lens(lengths_).with_uniform_extend_len(rows_each).with_kv_shard(3, 1, 14).with_index_kpool(7);
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

}  // namespace

TEST_SUITE_BEGIN("arena");

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
