// The block: its barrier, its place in the grid, the order of its lanes.
#include <cstdint>
#include <vector>

#include "simt/executor.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

constexpr int max_threads = 1024;

struct thread_numbers {
  int value[max_threads];
};

TEST_CASE_TEMPLATE("what was written before a barrier is read after it", width, WARP_WIDTHS) {
  for (const int threads : {64, 256, max_threads}) {
    std::vector<int> wrong(static_cast<std::size_t>(threads));
    const auto kernel = [&](auto& lane, thread_numbers& shared) {
      const int next = (lane.thread() + threads - 1) % threads;
      for (int i = 0; i < 10; ++i) {
        shared.value[lane.thread()] = lane.thread() * i;
        lane.barrier();
        wrong[static_cast<std::size_t>(lane.thread())] += shared.value[next] != next * i;
        lane.barrier();
      }
    };
    REQUIRE(run_grid<width::value, thread_numbers>(1, threads, kernel) == "");
    for (const int count : wrong) CHECK(count == 0);
  }
}

TEST_CASE_TEMPLATE("warps with different work before a barrier meet at it", width, WARP_WIDTHS) {
  constexpr int threads = 256;
  std::vector<int> got(threads);
  const auto kernel = [&](auto& lane, thread_numbers& shared) {
    int sum = 0;
    for (int i = 0; i < lane.thread() / width::value; ++i) sum += lane.shuffle(1, 0);
    shared.value[lane.thread()] = sum;
    lane.barrier();
    got[static_cast<std::size_t>(lane.thread())] = shared.value[threads - 1 - lane.thread()];
  };
  REQUIRE(run_grid<width::value, thread_numbers>(1, threads, kernel) == "");
  for (int i = 0; i < threads; ++i) CHECK(got[static_cast<std::size_t>(i)] == (threads - 1 - i) / width::value);
}

TEST_CASE_TEMPLATE("every block of a grid runs, and knows its place", width, WARP_WIDTHS) {
  constexpr int blocks = 5, sets = 3, threads = 128;
  std::vector<int> visits(sets * blocks * threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    ++visits[static_cast<std::size_t>((lane.set() * blocks + lane.block()) * threads + lane.thread())];
    lane.barrier();
  };
  REQUIRE(run_grid<width::value, no_memory>(blocks, threads, kernel, sets) == "");
  for (const int count : visits) CHECK(count == 1);
}

TEST_CASE_TEMPLATE("a missing barrier shows in one of two successive blocks", width, WARP_WIDTHS) {
  bool stale = false;
  const auto kernel = [&](auto& lane, thread_numbers& shared) {
    shared.value[lane.thread()] = lane.thread();
    if (lane.thread() > 0 && shared.value[lane.thread() - 1] != lane.thread() - 1) stale = true;
  };
  REQUIRE(run_grid<width::value, thread_numbers>(2, 64, kernel) == "");
  CHECK(stale);
}

}  // namespace
}  // namespace nsameta::simt
