#include "byte_ranges.h"

#include <algorithm>
#include <utility>

namespace nsameta {
namespace {

__extension__ typedef unsigned __int128 wide;

constexpr std::uintptr_t none = std::numeric_limits<std::uintptr_t>::max();

/// The smallest t for which low <= a * t mod m <= high; `none` when there is none. a < m, and low <= high < m. The
/// modulus is at least halved each time, as in Euclid's algorithm.
std::uintptr_t first_within(std::uintptr_t a, std::uintptr_t m, std::uintptr_t low, std::uintptr_t high) noexcept {
  if (low == 0) return 0;
  if (a == 0) return none;
  if (a > m - a) {  // count downwards
    a = m - a;
    low = m - std::exchange(high, m - low);
  }
  const std::uintptr_t t = (low - 1) / a + 1;
  if (wide{a} * t <= high) return t;
  // No multiple of a lies within, so that [low, high] is short: y turns of m bring one there.
  const std::uintptr_t y = first_within((a - m % a) % a, a, low % a, high % a);
  return y == none ? none : static_cast<std::uintptr_t>((wide{m} * y + low + a - 1) / a);
}

}  // namespace

std::uintptr_t first_shared_byte(const byte_range& a, const byte_range& b) noexcept {
  // Runs [first, last) of a meet the span of b.
  const std::uintptr_t first = a.begin + a.run > b.begin ? 0 : (b.begin - a.begin - a.run) / a.stride + 1;
  const std::uintptr_t runs = (a.end - a.begin - a.run) / a.stride + 1;
  const std::uintptr_t last = a.begin >= b.end ? 0 : std::min(runs, (b.end - a.begin - 1) / a.stride + 1);
  if (first >= last) return 0;
  // Run i of a shares a byte with some run of b just when its last byte comes less than both runs past the last place
  // where one of b begins. Beyond the ends of b there are none, but a run that reached there passes the one at that
  // end.
  const std::uintptr_t begin = a.begin + first * a.stride, final = begin + a.run - 1;
  const std::uintptr_t reach = a.run + b.run - 2;
  std::uintptr_t skipped = 0;
  if (reach < b.stride - 1) {
    // Places modulo b's stride: `at` goes on by `step` from run to run, and has to come to [0, reach].
    const std::uintptr_t at = (final % b.stride + b.stride - b.begin % b.stride) % b.stride;
    const std::uintptr_t step = a.stride % b.stride;
    if (at > reach) skipped = first_within(step, b.stride, b.stride - at, b.stride - at + reach);
    if (skipped >= last - first) return 0;
  }
  const std::uintptr_t run = begin + skipped * a.stride;
  const std::uintptr_t before = run < b.begin + b.run ? 0 : (run - b.begin - b.run) / b.stride + 1;
  return std::max(run, b.begin + before * b.stride);
}

}  // namespace nsameta
