/// How much there is to do in a call, as far as the host can tell: what the policy table puts a price on.
#pragma once

#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Doubles, because they only ever become nanoseconds, and no product of sizes overflows.
struct work_size {
  double requests;
  double row_elements;    ///< rows times the row vectors asked for (one at least)
  double table_elements;  ///< elements of the page tables, with the share of the width that is live taken for granted
};

/// The share of a page table's width that a request is taken to fill, where tails are kept. The host knows the width,
/// not the lengths; serving was measured between 0.006 and 0.4 of it, and this is near their geometric mean.
inline constexpr double live_share = 1.0 / 16;

struct call_size {
  std::int64_t row_bound;
  work_size work;
};

/// Of one set of outputs. Reads no length.
call_size measure(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept;

/// Of the largest of `count` >= 1 sets, in each respect.
call_size measure_sets(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count) noexcept;

}  // namespace nsameta
