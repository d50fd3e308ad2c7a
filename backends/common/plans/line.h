/// The line that a plan cuts: the requests of a batch side by side, each as long as it costs. Where it is cut, and what
/// a row says of a piece, are closed forms of the line.
#pragma once

#include "common/arithmetic.h"
#include "common/divisor.h"

namespace nsameta {

/// First index in [low, high) for which `is_beyond`, which holds from some index on; `high` if for none. By quarters:
/// a GPU waits for three loads as long as for one.
template <class Beyond>
NSAMETA_HOST_DEVICE std::int32_t first_beyond(std::int32_t low, std::int32_t high, const Beyond& is_beyond) {
  NSAMETA_UNROLL(1)
  while (low < high) {
    const std::int32_t first = low + ((high - low) >> 2), second = low + ((high - low) >> 1);
    const std::int32_t third = second + (first - low);
    const bool at_first = is_beyond(first), at_second = is_beyond(second), at_third = is_beyond(third);
    low = at_first ? low : at_second ? first + 1 : at_third ? second + 1 : third + 1;
    high = at_first ? first : at_second ? second : at_third ? third : high;
  }
  return low;
}

/// Units of `each` in `length`, the last one begun.
NSAMETA_HOST_DEVICE std::int64_t units_of(std::int64_t length, const divisor& each) {
  return each.quotient(length + each.value - 1);
}

NSAMETA_HOST_DEVICE std::uint32_t bit_if(bool is_set, nsameta_status_bit bit) { return is_set ? bit : 0; }

/// A row of two words.
struct plan_pair {
  std::int32_t first, second;
};

/// A part that covers [begin, end) of a line of blocks.
struct line_part {
  std::int32_t begin, end;
  std::int32_t request;  ///< that `begin` is of
  std::int32_t request_begin, request_end;
  std::int32_t last;        ///< the request that has what comes before `end`
  std::int32_t last_begin;  ///< where that begins
  std::int32_t last_end;
};

}  // namespace nsameta
