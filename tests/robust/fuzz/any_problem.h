/// Any bytes as the lengths, slots and tables of a problem, and what all backends make of it.
#pragma once

#include "fixture.h"
#include "fuzz.h"

namespace nsameta::test {

/// Rows that a problem may have where a plan has memory for each.
inline constexpr std::int64_t most_rows = 700;

/// Mostly small ones, at times anything.
harness::strided_values any_lengths(byte_reader& in, std::int64_t count, nsameta_dtype dtype, std::int64_t stride);

/// Which outputs a problem is asked for. What only these read may be set in it.
using layout_maker = harness::output_layout (*)(byte_reader& in, harness::problem_data& problem);

/// Makes a problem of an input, and of its first `layout_bytes` what is asked for, so that a change of the problem
/// leaves that as it is. Fills it between protected pages. Ends the process unless cpu and simt give what the reference
/// gives, bit for bit.
void compare_backends(std::span<const std::uint8_t> input, std::size_t layout_bytes, layout_maker any_layout);

}  // namespace nsameta::test
