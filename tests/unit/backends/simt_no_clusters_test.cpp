// Hardware without clusters runs a grid made for them with each block for itself.
#include <algorithm>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "gpu/launch.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

struct no_clusters : runtime {
  static inline int largest_cluster;

  static error launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
    largest_cluster = std::max(largest_cluster, shape.cluster);
    return runtime::launch(kernel, {shape.blocks, 1}, arguments, stream);
  }
};

using ints = std::vector<std::int32_t>;

/// Requests of 0 to `most_tokens` rows.
struct ragged_batch {
  ints seq_lens, queries;
  std::int64_t rows = 0;

  ragged_batch(std::int32_t requests, std::int32_t most_tokens) {
    for (std::int32_t r = 0; r < requests; ++r) {
      queries.push_back(r * 7 % (most_tokens + 1));
      seq_lens.push_back(r * 7919 % 5000);
      rows += queries.back();
    }
  }

  /// Some sums of requests and of rows, one after the other.
  template <class Runtime>
  ints fill(std::int32_t device) const {
    const std::size_t requests = seq_lens.size(), all_rows = static_cast<std::size_t>(rows);
    ints kv_sums(requests + 1, -1), expanded(all_rows, -1), clamped_sums(all_rows + 1, -1);
    nsameta_problem problem;
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_DRAFT_EXTEND;
    problem.batch_size = static_cast<std::int64_t>(requests);
    problem.seq_lens.data = seq_lens.data();
    problem.extend_seq_lens.data = queries.data();
    nsameta_outputs outputs;
    nsameta_outputs_init(&outputs);
    outputs.cu_seqlens_k = {kv_sums.data(), problem.batch_size + 1, NSAMETA_INT32};
    outputs.seqlens_expanded = {expanded.data(), rows, NSAMETA_INT32};
    outputs.nsa_cu_seqlens_k = {clamped_sums.data(), rows + 1, NSAMETA_INT32};
    const launch_policy policy{.variant = 0, .block_threads = 256, .max_blocks = 16, .row_bound = rows};
    failure_text why{};
    CHECK(gpu::fill<Runtime>(problem, &outputs, 1, policy, {device, nullptr}, &why) == NSAMETA_OK);
    for (const ints* more : {&expanded, &clamped_sums}) kv_sums.insert(kv_sums.end(), more->begin(), more->end());
    return kv_sums;
  }
};

}  // namespace

TEST_CASE("a grid made for clusters does the same without them") {
  for (const std::int32_t device : {0, 1})
    for (const auto& [requests, most_tokens] : {std::pair{9000, 8}, std::pair{17000, 30}}) {
      no_clusters::largest_cluster = 0;
      const ragged_batch batch(requests, most_tokens);
      const ints filled = batch.fill<no_clusters>(device);
      CHECK(no_clusters::largest_cluster > 1);
      CHECK(std::ranges::find(filled, -1) == filled.end());
      CHECK((filled == batch.fill<runtime>(device)));
    }
}

}  // namespace nsameta::simt
