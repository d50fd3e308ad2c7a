/// Any bytes as the lengths, slots and tables of a problem, and what all backends make of it.
#pragma once

#include "fixture.h"
#include "fuzz.h"

namespace nsameta::test {

/// Rows that a problem may have where a plan has memory for each.
inline constexpr std::int64_t most_rows = 700;

/// Mostly small ones, at times anything.
harness::strided_values any_lengths(byte_reader& in, std::int64_t count, nsameta_dtype dtype, std::int64_t stride);

harness::problem_data any_problem(byte_reader& in);

/// Fills a problem between protected pages. Ends the process unless cpu and simt give what the reference gives, bit for
/// bit. `choice`: on which side the pages are, and which simt it is.
void compare_backends(const harness::problem_data& problem, const harness::output_layout& layout, unsigned choice);

}  // namespace nsameta::test
