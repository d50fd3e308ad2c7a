/// The first byte that two buffers with gaps share, held against a map of bytes.
#include <doctest/doctest.h>

#include <random>
#include <vector>

#include "byte_ranges.h"

using namespace nsameta;

namespace {

byte_range runs(std::uintptr_t begin, std::uintptr_t count, std::uintptr_t run, std::uintptr_t stride) {
  return {begin, begin + (count - 1) * stride + run, "", run, stride};
}

std::uintptr_t shared_in_map(const byte_range& a, const byte_range& b) {
  std::vector<bool> taken(a.end);
  for (std::uintptr_t first = a.begin; first < a.end; first += a.stride)
    for (std::uintptr_t byte = first; byte < first + a.run; ++byte) taken[byte] = true;
  for (std::uintptr_t first = b.begin; first < b.end; first += b.stride)
    for (std::uintptr_t byte = first; byte < first + b.run; ++byte)
      if (byte < taken.size() && taken[byte]) return byte;
  return 0;
}

}  // namespace

TEST_CASE("random runs share the byte that a map of bytes finds") {
  std::mt19937_64 random(5);
  const auto between = [&random](std::uintptr_t low, std::uintptr_t high) { return low + random() % (high - low + 1); };
  int disjoint = 0;
  for (int number = 0; number < 300'000; ++number) {
    const std::uintptr_t widest = between(1, 60);
    const auto draw = [&] {
      const std::uintptr_t run = between(1, 3), stride = run + between(0, widest);
      return runs(between(1, 200), between(1, 30), run, stride);
    };
    const byte_range a = draw();
    byte_range b = draw();
    if (number % 4 == 0) b = runs(b.begin, between(1, 30), std::min(b.run, a.stride), a.stride);
    const std::uintptr_t expected = shared_in_map(a, b);
    disjoint += expected == 0 && a.crosses(b);
    REQUIRE_MESSAGE(first_shared_byte(a, b) == expected, a.begin << "-" << a.end << " " << a.run << "/" << a.stride
                                                                 << ", " << b.begin << "-" << b.end << " " << b.run
                                                                 << "/" << b.stride);
    REQUIRE(first_shared_byte(b, a) == expected);
  }
  CHECK(disjoint > 20'000);
}

TEST_CASE("a million rows against a million rows are weighed at once") {
  constexpr std::uintptr_t begin = std::uintptr_t{1} << 44, rows = 1'000'000;
  // Strides without a common factor of more than 4: the rows come to meet, late.
  const byte_range a = runs(begin, rows, 4, 4 * 1'000'003);
  const byte_range b = runs(begin + 4, rows, 4, 4 * 999'983);
  const std::uintptr_t shared = first_shared_byte(a, b);
  CHECK(shared == first_shared_byte(b, a));
  REQUIRE(shared != 0);
  CHECK((shared - a.begin) % a.stride == 0);
  CHECK((shared - b.begin) % b.stride == 0);
  // Even strides, odd elements: they never meet.
  CHECK(first_shared_byte(runs(begin, rows, 4, 8 * 1'000'003), runs(begin + 4, rows, 4, 8 * 999'983)) == 0);
  // Strides that differ by one element, where a division for each modulus would take a million steps.
  const byte_range wide = runs(begin + 8, rows, 4, 4'000'004);
  CHECK(first_shared_byte(runs(begin, rows, 4, 4'000'000), wide) == begin + 8 + 999'998 * std::uintptr_t{4'000'004});
  CHECK(first_shared_byte(runs(begin, rows - 1, 4, 4'000'000), wide) == 0);
  CHECK(first_shared_byte(runs(begin + 8, rows, 4, 4'000'000), runs(begin, rows, 4, 4'000'004)) ==
        begin + 2 * 4'000'004);
}

TEST_CASE("buffers at both ends of memory are weighed without overflow") {
  constexpr std::uintptr_t top = std::numeric_limits<std::uintptr_t>::max();
  const byte_range low = runs(16, 3, 8, top / 4), high = {top - 80, top, "", 8, 24};
  CHECK(first_shared_byte(low, high) == 0);
  CHECK(first_shared_byte(high, low) == 0);
  CHECK(first_shared_byte(high, {top - 1, top, "", 1, 1}) == top - 1);
  CHECK(first_shared_byte(high, {top - 48, top - 38, "", 10, 10}) == 0);
}
