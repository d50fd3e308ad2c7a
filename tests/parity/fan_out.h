/// One problem into several sets of outputs that have little in common, on the tested backend.
#pragma once

#include "fixture.h"

namespace nsameta::test {

/// Any problem of a mode: lengths, page tables, shards and pools turn with the seed.
harness::problem_data varied_problem(nsameta_mode mode, std::int64_t batch_size, std::uint64_t seed);

/// `count` sets of it, each with fields, capacities, element types, tails and a length offset of its own.
filling varied_sets(const harness::problem_data& problem, std::int64_t count, std::uint64_t seed);

}  // namespace nsameta::test
