// Kernels that break the rules of the device layer: an error that names the rule, the thread and the place; never a
// hang.
#include <string>

#include "mentions.h"
#include "simt/executor.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

constexpr int threads = 128;

template <int width>
void check_that_the_layer_still_works() {
  int sum = 0;
  const auto kernel = [&](auto& lane, no_memory&) {
    lane.barrier();
    sum += lane.shuffle(1, 3);
  };
  CHECK(run_grid<width, no_memory>(2, threads, kernel) == "");
  CHECK(sum == 2 * threads);
}

TEST_CASE_TEMPLATE("a lane that leaves before a barrier", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.thread() == 5) return;
    lane.barrier();
  };
  const std::string failure = run_grid<width::value, no_memory>(1, threads, kernel);
  CHECK(mentions(failure, "block 0: divergent collective"));
  CHECK(mentions(failure, "barrier (simt_fault_test.cpp:"));
  CHECK(mentions(failure, "127 of 128 lanes"));
  check_that_the_layer_still_works<width::value>();
}

TEST_CASE_TEMPLATE("a lane that leaves before a shuffle", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.thread() != 70) lane.shuffle_up(1, 1);
  };
  const std::string failure = run_grid<width::value, no_memory>(1, threads, kernel);
  CHECK(mentions(failure, "divergent collective"));
  CHECK(mentions(failure, "shuffle_up"));
  check_that_the_layer_still_works<width::value>();
}

TEST_CASE_TEMPLATE("one lane at a barrier, the others at a ballot", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.thread() == 0)
      lane.barrier();
    else
      lane.ballot(true);
  };
  CHECK(mentions(run_grid<width::value, no_memory>(1, threads, kernel), "divergent collective"));
  check_that_the_layer_still_works<width::value>();
}

TEST_CASE_TEMPLATE("lanes of a warp at different collectives", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.thread() % 2 == 0)
      lane.shuffle_up(1, 1);
    else
      lane.ballot(true);
  };
  const std::string failure = run_grid<width::value, no_memory>(1, threads, kernel);
  CHECK(mentions(failure, "divergent collective"));
  CHECK(mentions(failure, "ballot"));
  CHECK(mentions(failure, "shuffle_up"));
  check_that_the_layer_still_works<width::value>();
}

TEST_CASE_TEMPLATE("lanes at the same collective in different branches", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.thread() % 2 == 0)
      lane.barrier();
    else
      lane.barrier();
  };
  CHECK(mentions(run_grid<width::value, no_memory>(1, threads, kernel), "divergent collective"));
  check_that_the_layer_still_works<width::value>();
}

TEST_CASE_TEMPLATE("a fault in a later block ends the launch there", width, WARP_WIDTHS) {
  constexpr int third = width::value > 32 ? 1 : 2;  // of four; wide warps run the last block first
  int last_block = 0;
  const auto kernel = [&](auto& lane, no_memory&) {
    last_block = lane.block();
    if (lane.block() != third || lane.thread() > 0) lane.barrier();
  };
  const std::string expected = "block " + std::to_string(third) + ": divergent collective";
  CHECK(mentions(run_grid<width::value, no_memory>(4, threads, kernel), expected));
  CHECK(last_block == third);
}

TEST_CASE_TEMPLATE("lane numbers outside the warp", width, WARP_WIDTHS) {
  const auto far = [](auto& lane, no_memory&) { lane.shuffle(1, width::value); };
  CHECK(mentions(run_grid<width::value, no_memory>(1, threads, far),
                 "shuffle from lane " + std::to_string(width::value)));
  const auto negative = [](auto& lane, no_memory&) { lane.shuffle_up(1, -1); };
  CHECK(mentions(run_grid<width::value, no_memory>(1, threads, negative), "shuffle_up by -1 lanes"));
  check_that_the_layer_still_works<width::value>();
}

struct counts_when_destroyed {
  int& count;
  ~counts_when_destroyed() { ++count; }
};

TEST_CASE_TEMPLATE("a failed launch unwinds every lane that began", width, WARP_WIDTHS) {
  int destroyed = 0;
  const auto kernel = [&](auto& lane, no_memory&) {
    const counts_when_destroyed local{destroyed};
    if (lane.thread() != 5) lane.barrier();
  };
  CHECK(run_grid<width::value, no_memory>(1, threads, kernel) != "");
  CHECK(destroyed == threads);
}

}  // namespace
}  // namespace nsameta::simt
