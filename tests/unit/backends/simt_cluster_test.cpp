// Clusters: blocks that run together, each with its own shared memory and barrier.
#include <string>
#include <vector>

#include "gpu/kernels.h"
#include "mentions.h"
#include "simt/executor.h"
#include "simt/runtime.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

constexpr int threads = 128, cluster = 4, blocks = 3 * cluster;

struct one_number {
  int value;
};

/// What each lane read: the number that another block of its cluster left. Where they do not end together, blocks may
/// leave before all have read.
template <int width>
std::vector<int> numbers_read(bool ends_together) {
  std::vector<int> got(blocks * threads);
  const auto kernel = [&](auto& lane, one_number& shared) {
    if (lane.thread() == 0) shared.value = 100 + lane.block();
    lane.cluster_barrier();
    const int from = (lane.cluster_rank() + 1 + lane.thread()) % lane.cluster_size();
    got[static_cast<std::size_t>(lane.block() * threads + lane.thread())] = lane.shared_of(&shared, from)->value;
    if (ends_together) lane.cluster_barrier();
  };
  REQUIRE(run_grid<width, one_number>(blocks, threads, kernel, cluster) == "");
  return got;
}

int expected(int lane) {
  const int block = lane / threads, thread = lane % threads;
  return 100 + block / cluster * cluster + (block % cluster + 1 + thread) % cluster;
}

TEST_CASE_TEMPLATE("blocks of a cluster read each other's shared memory", width, WARP_WIDTHS) {
  const std::vector<int> got = numbers_read<width::value>(true);
  for (int i = 0; i < blocks * threads; ++i) CHECK(got[static_cast<std::size_t>(i)] == expected(i));
}

TEST_CASE_TEMPLATE("the memory of a block that has ended is poisoned", width, WARP_WIDTHS) {
  const std::vector<int> got = numbers_read<width::value>(false);
  int poisoned = 0, wrong = 0;
  for (int i = 0; i < blocks * threads; ++i) {
    const int value = got[static_cast<std::size_t>(i)];
    poisoned += value == static_cast<int>(0xa5a5a5a5u);
    wrong += value != static_cast<int>(0xa5a5a5a5u) && value != expected(i);
  }
  CHECK(poisoned > 0);
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("every block of a cluster knows its place", width, WARP_WIDTHS) {
  std::vector<int> visits(blocks * threads);
  int wrong = 0;
  const auto kernel = [&](auto& lane, no_memory&) {
    ++visits[static_cast<std::size_t>(lane.block() * threads + lane.thread())];
    wrong += lane.block_count() != blocks || lane.cluster_size() != cluster;
    wrong += lane.cluster_rank() != lane.block() % cluster;
  };
  REQUIRE(run_grid<width::value, no_memory>(blocks, threads, kernel, cluster) == "");
  for (const int count : visits) CHECK(count == 1);
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("barriers and warps of a cluster are each block's own", width, WARP_WIDTHS) {
  std::vector<int> got(blocks * threads);
  const auto kernel = [&](auto& lane, one_number& shared) {
    for (int i = 0; i < lane.cluster_rank(); ++i) {  // as often as the block's rank
      if (lane.thread() == i) shared.value = i == 0 ? 1 : 2 * shared.value;
      lane.barrier();
    }
    const int own = lane.cluster_rank() > 0 ? shared.value : 0;
    got[static_cast<std::size_t>(lane.block() * threads + lane.thread())] = lane.shuffle(own + lane.thread(), 0);
  };
  REQUIRE(run_grid<width::value, one_number>(blocks, threads, kernel, cluster) == "");
  for (int i = 0; i < blocks * threads; ++i) {
    const int rank = i / threads % cluster, first_of_warp = i % threads / width::value * width::value;
    CHECK(got[static_cast<std::size_t>(i)] == (1 << rank) / 2 + first_of_warp);
  }
}

TEST_CASE_TEMPLATE("eight blocks of 512", width, WARP_WIDTHS) {
  int sum = 0;
  const auto kernel = [&](auto& lane, one_number& shared) {
    if (lane.thread() == 511) shared.value = lane.cluster_rank();
    lane.cluster_barrier();
    sum += lane.shared_of(&shared, 7)->value;
    lane.cluster_barrier();
  };
  REQUIRE(run_grid<width::value, one_number>(8, 512, kernel, 8) == "");
  CHECK(sum == 7 * 8 * 512);
}

TEST_CASE_TEMPLATE("alone in its cluster, a block's cluster barrier is none", width, WARP_WIDTHS) {
  int own = 0;
  const auto kernel = [&](auto& lane, one_number& shared) {
    if (lane.thread() == 0) lane.cluster_barrier();
    own += lane.cluster_size() == 1 && lane.shared_of(&shared, 0) == &shared;
  };
  REQUIRE(run_grid<width::value, one_number>(2, threads, kernel) == "");
  CHECK(own == 2 * threads);
}

TEST_CASE_TEMPLATE("a lane that leaves before a cluster barrier", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.block() == 5 && lane.thread() == 3) return;
    lane.cluster_barrier();
  };
  const std::string failure = run_grid<width::value, no_memory>(blocks, threads, kernel, cluster);
  CHECK(mentions(failure, "block 4: divergent collective"));
  CHECK(mentions(failure, "cluster_barrier (simt_cluster_test.cpp:"));
  CHECK(mentions(failure, "511 of 512 lanes"));
  numbers_read<width::value>(true);
}

TEST_CASE_TEMPLATE("a block that is at its own barrier while the cluster waits", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.cluster_rank() == 2 && lane.thread() < 64) lane.barrier();
    lane.cluster_barrier();
  };
  const std::string failure = run_grid<width::value, no_memory>(blocks, threads, kernel, cluster);
  CHECK(mentions(failure, "divergent collective"));
  numbers_read<width::value>(true);
}

TEST_CASE_TEMPLATE("blocks at cluster barriers of different branches", width, WARP_WIDTHS) {
  const auto kernel = [](auto& lane, no_memory&) {
    if (lane.cluster_rank() == 1)
      lane.cluster_barrier();
    else
      lane.cluster_barrier();
  };
  const std::string failure = run_grid<width::value, no_memory>(blocks, threads, kernel, cluster);
  CHECK(mentions(failure, "while others wait at cluster_barrier"));
  numbers_read<width::value>(true);
}

TEST_CASE_TEMPLATE("shared_of what is not there", width, WARP_WIDTHS) {
  const auto far = [](auto& lane, one_number& shared) { lane.shared_of(&shared, lane.block() == 6 ? cluster : 0); };
  CHECK(mentions(run_grid<width::value, one_number>(blocks, threads, far, cluster),
                 "block 6: shared_of block 4 of the cluster"));
  const auto local = [](auto& lane, one_number&) {
    one_number own{};
    lane.shared_of(&own, 0);
  };
  CHECK(mentions(run_grid<width::value, one_number>(blocks, threads, local, cluster),
                 "not in the block's shared memory"));
}

TEST_CASE("clusters that no device runs are refused") {
  const gpu::fill_arguments<1> nothing{};
  for (const gpu::launch_shape shape : {gpu::launch_shape{8, 0}, {12, 8}, {16, 16}}) {
    CHECK(runtime::launch(0, shape, &nothing, nullptr) == error::invalid_value);
    CHECK(runtime::clear_error() == error::invalid_value);
  }
}

}  // namespace
}  // namespace nsameta::simt
