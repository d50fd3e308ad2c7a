/// How much of the outputs a problem makes live, counted on the host from its own copy of the lengths.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/problem_data.h"

namespace nsameta::harness {

/// A request that has outputs: every one, or under q_shard those that own a token on this rank.
struct live_request {
  std::int64_t index;    ///< in the batch
  std::int64_t rows;     ///< expanded rows on this rank
  std::int64_t context;  ///< positions its page table covers, before it is clipped at the table's width
};

struct live_shape {
  std::vector<live_request> requests;
  std::int64_t rows = 0;        ///< T
  std::int64_t table_rows = 0;  ///< R, rows of the page tables
};

/// Lengths are made sane as every backend does: negative ones count as 0, those past int32 as its largest value.
live_shape live_shape_of(const problem_data& problem);

/// `outputs` with its vectors' capacities cut to their live elements, so that what walks it sees nothing else.
nsameta_outputs live_view(const nsameta_outputs& outputs, const live_shape& shape);

}  // namespace nsameta::harness
