/// The live elements that the tested backend computes for a problem.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/problem_data.h"

namespace nsameta::test {

using longs = std::vector<std::int64_t>;
using rows = std::vector<std::vector<std::int32_t>>;

struct answer {
  longs cache_seqlens, cu_seqlens_k, cu_seqlens_q;
  longs expanded, clamped, cu_clamped, cu_rows, token_to_batch;
  longs indexer_ks, indexer_ke;  ///< empty where the problem has none
  longs local_cache_seqlens;
  rows page_table_1, real_page_table, local_page_table_1;  ///< live columns alone
  std::int64_t total_rows;

  bool operator==(const answer&) const = default;
};

/// Fills every output that applies. Fails the test case if a guard is damaged, an input written, or a length found bad.
answer answer_of(const harness::problem_data& problem);

/// 0, then the sums of the first one, two, ... values.
longs prefix_sums(const longs& values);

}  // namespace nsameta::test
