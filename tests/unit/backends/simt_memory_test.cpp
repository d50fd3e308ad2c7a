// Fresh memory is poisoned, so that a read of what nobody wrote shows.
#include <algorithm>
#include <cstring>

#include "simt/executor.h"
#include "simt/runtime.h"
#include "widths.h"

namespace nsameta::simt {
namespace {

struct some_memory {
  unsigned char bytes[3000];
};

bool is_poisoned(const void* memory, std::size_t bytes) {
  const auto* begin = static_cast<const unsigned char*>(memory);
  return std::all_of(begin, begin + bytes, [](unsigned char byte) { return byte == poison; });
}

TEST_CASE_TEMPLATE("shared memory is poisoned before every block", width, WARP_WIDTHS) {
  int poisoned = 0;
  const auto kernel = [&](auto& lane, some_memory& shared) {
    if (lane.thread() == 0) poisoned += is_poisoned(&shared, sizeof shared);
    lane.barrier();
    shared.bytes[lane.thread()] = 1;
  };
  REQUIRE(run_grid<width::value, some_memory>(3, 64, kernel) == "");
  CHECK(poisoned == 3);
}

TEST_CASE("device memory is poisoned when allocated") {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}}) {
    void* memory = nullptr;
    REQUIRE(runtime::allocate(bytes, memory) == runtime::success);
    CHECK(is_poisoned(memory, bytes));
    CHECK(runtime::release(memory) == runtime::success);
  }
}

TEST_CASE("device memory is host memory") {
  memory_place place{};
  CHECK(runtime::locate(&place, place) == runtime::success);
  CHECK(place.kind == memory_kind::host);
}

TEST_CASE("copies move bytes, and refuse null") {
  const int from[3] = {1, 2, 3};
  int to[3] = {};
  CHECK(runtime::copy(to, from, sizeof to, nullptr) == runtime::success);
  CHECK(std::memcmp(to, from, sizeof to) == 0);
  CHECK(runtime::copy(nullptr, nullptr, 0, nullptr) == runtime::success);
  CHECK(runtime::copy(nullptr, from, 4, nullptr) == error::invalid_value);
  CHECK(runtime::clear_error() == error::invalid_value);
}

}  // namespace
}  // namespace nsameta::simt
