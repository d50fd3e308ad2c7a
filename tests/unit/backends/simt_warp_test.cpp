// Shuffles and ballots: each warp for itself, whatever the others do.
#include <cstdint>
#include <vector>

#include "simt/executor.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

constexpr int threads = 192;

struct three_words {
  std::int32_t a, b, c;
};

TEST_CASE_TEMPLATE("shuffle_up brings the value of the lane below", width, WARP_WIDTHS) {
  std::vector<std::int64_t> got(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    got[static_cast<std::size_t>(lane.thread())] = lane.shuffle_up(std::int64_t{1000} + lane.thread(), 3);
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (int i = 0; i < threads; ++i)
    CHECK(got[static_cast<std::size_t>(i)] == 1000 + (i % width::value < 3 ? i : i - 3));
}

TEST_CASE_TEMPLATE("shuffle_up by nothing keeps the value", width, WARP_WIDTHS) {
  std::vector<int> got(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    got[static_cast<std::size_t>(lane.thread())] = lane.shuffle_up(lane.thread(), 0);
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (int i = 0; i < threads; ++i) CHECK(got[static_cast<std::size_t>(i)] == i);
}

TEST_CASE_TEMPLATE("shuffle brings one lane's value to its warp", width, WARP_WIDTHS) {
  std::vector<three_words> got(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    const int i = lane.thread();
    got[static_cast<std::size_t>(i)] = lane.shuffle(three_words{i, 2 * i, 3 * i}, width::value - 1);
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (int i = 0; i < threads; ++i) {
    const int from = i / width::value * width::value + width::value - 1;
    CHECK(got[static_cast<std::size_t>(i)].a == from);
    CHECK(got[static_cast<std::size_t>(i)].c == 3 * from);
  }
}

TEST_CASE_TEMPLATE("sum adds up the lanes of each warp modulo 2^32, and again at once", width, WARP_WIDTHS) {
  std::vector<std::uint32_t> got(2 * threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    const auto i = static_cast<std::size_t>(lane.thread());
    got[i] = lane.sum(0xffffff00u + static_cast<std::uint32_t>(i));
    got[threads + i] = lane.sum(1);
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (std::size_t i = 0; i < threads; ++i) {
    std::uint32_t sum = 0;
    for (std::size_t k = 0; k < width::value; ++k)
      sum += 0xffffff00u + static_cast<std::uint32_t>(i / width::value * width::value + k);
    CHECK(got[i] == sum);
    CHECK(got[threads + i] == width::value);
  }
}

TEST_CASE_TEMPLATE("ballot has one bit a lane", width, WARP_WIDTHS) {
  std::vector<std::uint64_t> got(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    got[static_cast<std::size_t>(lane.thread())] = lane.ballot(lane.thread() % 3 == 0);
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (int i = 0; i < threads; ++i) {
    std::uint64_t votes = 0;
    const int first = i / width::value * width::value;
    for (int lane = 0; lane < width::value; ++lane) votes |= std::uint64_t{(first + lane) % 3 == 0} << lane;
    CHECK(got[static_cast<std::size_t>(i)] == votes);
  }
}

// A lane that runs ahead must not overwrite what slower lanes have yet to read.
TEST_CASE_TEMPLATE("collectives follow each other closely", width, WARP_WIDTHS) {
  std::vector<int> wrong(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    const int own = lane.thread() % width::value;
    for (int i = 0; i < 100; ++i) {
      const int below = lane.shuffle_up(lane.thread() + i, 1);
      const std::uint64_t votes = lane.ballot(own == i % width::value);
      wrong[static_cast<std::size_t>(lane.thread())] +=
          (below != lane.thread() + i - (own > 0)) + (votes != std::uint64_t{1} << i % width::value);
    }
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  for (const int count : wrong) CHECK(count == 0);
}

TEST_CASE_TEMPLATE("warps may take different ways", width, WARP_WIDTHS) {
  std::vector<int> got(threads);
  const auto kernel = [&](auto& lane, no_memory&) {
    int& mine = got[static_cast<std::size_t>(lane.thread())];
    if (lane.thread() / width::value == 1)
      for (int i = 0; i < 5; ++i) mine += lane.shuffle(1, i);
    else if (lane.thread() / width::value == 2)
      mine = lane.ballot(false) == 0 ? 7 : 0;
  };
  REQUIRE(run_grid<width::value, no_memory>(1, threads, kernel) == "");
  CHECK(got[0] == 0);
  CHECK(got[width::value] == 5);
  CHECK(got[2 * width::value] == 7);
}

}  // namespace
}  // namespace nsameta::simt
