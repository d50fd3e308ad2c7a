// Many OS threads launch at once, each with lanes of its own.
#include <atomic>
#include <thread>
#include <vector>

#include "problem.h"
#include "simt/executor.h"
#include "simt/runtime.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

constexpr int os_threads = 8;

template <class Work>
void on_many_threads(Work work) {
  std::vector<std::thread> all;
  for (int i = 0; i < os_threads; ++i) all.emplace_back(work, i);
  for (std::thread& each : all) each.join();
}

struct partial_sums {
  std::int64_t of_warp[32];
};

TEST_CASE_TEMPLATE("launches from many threads do not disturb each other", width, WARP_WIDTHS) {
  std::atomic<int> wrong = 0;
  on_many_threads([&](int index) {
    const int threads = index % 2 == 0 ? 128 : 1024;
    for (int repeat = 0; repeat < 5; ++repeat) {
      std::int64_t sum = 0;
      const auto kernel = [&](auto& lane, partial_sums& shared) {
        std::int64_t own = lane.thread() + index;
        for (int delta = 1; delta < width::value; delta *= 2) {
          const std::int64_t earlier = lane.shuffle_up(own, delta);
          if (lane.thread() % width::value >= delta) own += earlier;
        }
        if ((lane.thread() + 1) % width::value == 0) shared.of_warp[lane.thread() / width::value] = own;
        lane.barrier();
        if (lane.thread() == 0)
          for (int i = 0; i < threads / width::value; ++i) sum += shared.of_warp[i];
      };
      const bool failed = run_grid<width::value, partial_sums>(2, threads, kernel) != "";
      wrong += failed || sum != 2 * (std::int64_t{threads} * (threads - 1) / 2 + std::int64_t{threads} * index);
    }
  });
  CHECK(wrong == 0);
}

TEST_CASE("a fault on one thread leaves the others alone") {
  std::atomic<int> faults = 0;
  on_many_threads([&](int index) {
    for (int repeat = 0; repeat < 10; ++repeat) {
      const auto kernel = [&](auto& lane, no_memory&) {
        if (index != 3 || lane.thread() != 9) lane.barrier();
      };
      const bool failed = run_grid<32, no_memory>(1, 64, kernel) != "";
      faults += failed;
      if (failed != (index == 3)) faults += 1000;
    }
  });
  CHECK(faults == 10);
}

TEST_CASE("fills from many threads, each on its own outputs") {
  std::vector<small_problem> problems(os_threads);
  on_many_threads([&](int index) {
    small_problem& mine = problems[static_cast<std::size_t>(index)];
    runtime::set_device(index % 2);
    mine.seq_lens[1] = index;
    for (int repeat = 0; repeat < 10; ++repeat) runtime::launch(small_kernel, {2, 1}, &mine.arguments(), nullptr);
  });
  for (const small_problem& each : problems) each.check();
}

}  // namespace
}  // namespace nsameta::simt
