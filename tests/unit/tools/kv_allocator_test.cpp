#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "replay/kv_allocator.h"

namespace nsameta::test {
namespace {

using namespace cli;

constexpr std::int32_t page_size = 4;

kv_allocator make(std::uint64_t seed = 1) { return kv_allocator({3, 16, page_size, seed}); }

/// The KV slots of a row's first positions.
std::vector<std::int32_t> slots_of(const kv_allocator& cache, std::int64_t row, std::int64_t positions) {
  const auto first = cache.entries().begin() + row * cache.table().row_stride;
  return {first, first + positions};
}

TEST_CASE("a request's tokens fill its pages in order") {
  kv_allocator cache = make();
  const auto slots = slots_of(cache, cache.reserve(7, 10), 10);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const std::int32_t first = slots[i / page_size * page_size];
    CHECK(first % page_size == 0);
    CHECK(slots[i] == first + static_cast<std::int32_t>(i % page_size));
  }
}

TEST_CASE("growing keeps what is there, and only new pages are changes") {
  kv_allocator cache = make();
  const std::int64_t row = cache.reserve(7, 6);
  REQUIRE(cache.changes().size() == 1);
  CHECK(cache.changes()[0].end - cache.changes()[0].begin == 8);
  const auto before = slots_of(cache, row, 8);
  cache.forget_changes();

  CHECK(cache.reserve(7, 8) == row);
  CHECK(cache.changes().empty());
  CHECK(cache.reserve(7, 9) == row);
  REQUIRE(cache.changes().size() == 1);
  CHECK(cache.changes()[0].begin == static_cast<std::size_t>(row * 16 + 8));
  CHECK(cache.changes()[0].end == static_cast<std::size_t>(row * 16 + 12));
  CHECK(slots_of(cache, row, 8) == before);
}

TEST_CASE("requests in flight share neither rows nor slots, whatever came and went") {
  kv_allocator cache = make();
  std::map<std::int64_t, std::int64_t> row_of;
  for (std::int64_t request = 0; request < 60; ++request) {
    if (request >= 3) {
      cache.release(request - 3);
      row_of.erase(request - 3);
    }
    row_of[request] = cache.reserve(request, 16);  // the pool is then used to its last page
    std::set<std::int32_t> slots;
    for (const auto& [other, row] : row_of)
      for (const std::int32_t slot : slots_of(cache, row, 16)) CHECK(slots.insert(slot).second);
  }
}

TEST_CASE("pages lie scattered, by the seed") {
  kv_allocator one = make(1), same = make(1), other = make(2);
  for (kv_allocator* cache : {&one, &same, &other})
    for (std::int64_t request = 0; request < 3; ++request) cache->reserve(request, 16);
  const auto all = [](const kv_allocator& cache) {
    return std::vector(cache.entries().begin(), cache.entries().end());
  };
  CHECK(all(one) == all(same));
  CHECK(all(one) != all(other));
  CHECK_FALSE(std::is_sorted(one.entries().begin(), one.entries().end()));
}

TEST_CASE("a request that holds nothing can be released") {
  kv_allocator cache = make();
  cache.release(5);
  CHECK(cache.reserve(5, 0) == 0);
  CHECK(cache.changes().empty());
}

}  // namespace
}  // namespace nsameta::test
