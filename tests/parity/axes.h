/// The axes of the correctness matrix and their product.
#pragma once

#include <vector>

#include "harness/generator.h"

namespace nsameta::test {

/// Mode x shape class x fill pattern x length type x stride; the remaining axes (sum type, tails, capacities, field
/// sets, misfit lengths, uniform or ragged queries, pools, length offset, page tables, shards) turn with the case's
/// number at periods prime to each other, so that every pair of values meets.
std::vector<harness::case_recipe> product();

/// 0, 1, warp +-1, block +-1, thousands; and around every batch size at which selection changes its mind.
const std::vector<std::int64_t>& batch_sizes();

}  // namespace nsameta::test
