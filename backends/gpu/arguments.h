/// What kernels are launched with, worked out by the host: a few cache lines, because arguments are constants and each
/// line of those costs 50 cycles. Outputs have their public names. `N` is what lengths, rows and sums are computed in:
/// int32, where no shard and no pool is on and everything is known to fit, or int64.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/rules.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

/// What becomes of a request's rows.
template <class N>
using rule_for = std::conditional_t<std::is_same_v<N, std::int64_t>, general_rule, basic_plain_rule<N>>;

/// An input array, as kernels read it: elements of one word or two, any distance apart.
template <class N>
struct integer_array {
  const void* data;
  N stride;  ///< bytes
  std::int32_t is_int64;
};

/// The requests. The same for all sets of outputs, so that nothing that the first loads need is looked up by set.
template <class N>
struct request_batch {
  integer_array<N> seq_lens;
  integer_array<N> extend_seq_lens;  ///< readable also where each request has `uniform_rows`
  std::int32_t requests;
  std::int32_t uniform_rows;  ///< below 0: extend_seq_lens has them
  std::int32_t topk;
  std::int32_t vector_blocks;  ///< of the grid's row
  std::int32_t lanes_shift;    ///< log2 of the lanes that write a request's rows
};

/// The input of page tables.
template <class N>
struct table_source {
  std::int32_t blocks;         ///< of the grid's row
  std::int32_t blocks_shift;   ///< log2 of the blocks that a group of requests has to itself
  std::int32_t row_a_request;  ///< whatever its tokens
  std::int32_t page_shift;
  N slots, width;  ///< of req_to_token
  integer_array<N> req_pool_indices;
  const std::int32_t* req_to_token;
  std::int64_t stride;  ///< of req_to_token, elements
};

/// An output; absent: a capacity of 0.
template <class N>
struct output_vector;
template <>
struct output_vector<std::int32_t> {
  std::int32_t* data;
  std::int32_t capacity;
};
template <>
struct output_vector<std::int64_t> {
  void* data;
  std::int64_t capacity : 63;
  std::uint64_t is_int64 : 1;
};

/// A request's KV length is clamp(seq_lens, least, most) + added.
template <class N>
struct kv_range {
  N least, most, added;
};

/// Outputs that int64 alone serves.
template <class N>
struct indexer_ranges {};
template <>
struct indexer_ranges<std::int64_t> {
  output_vector<std::int64_t> indexer_ks, indexer_ke;
};

template <class N>
struct vector_outputs : indexer_ranges<N> {
  kv_range<N> kv;
  N row_limit;  ///< rows that at least one output takes
  output_vector<N> seqlens_expanded, nsa_cache_seqlens, nsa_cu_seqlens_k, nsa_cu_seqlens_q, token_to_batch;
  output_vector<N> cache_seqlens, cu_seqlens_k, cu_seqlens_q, total_rows;
};

/// An output table; absent: no rows.
template <class N>
struct output_table {
  std::int32_t* data;
  std::int64_t stride;  ///< elements
  N rows, width;
};

template <class N>
struct table_outputs {
  output_table<N> page_table_1, real_page_table;
};

/// A set of outputs. What the page tables need lies side by side.
template <class N>
struct output_set : table_outputs<N>, vector_outputs<N> {};

/// What padded graphs want of a set beyond that.
struct padding {
  std::uint32_t* status;
  std::int32_t vector_tail;  ///< whether there is one
  std::int32_t table_tail;   ///< whether there is one
  std::int32_t table_tail_value;
};

/// Work beyond what engines mostly step.
struct extra_work {
  std::int32_t shares_shift;  ///< log2 of the blocks that share the rows of the same requests
  std::int32_t block_groups;  ///< groups of requests that a block of vectors takes in turn
  std::int32_t tail_blocks, status_blocks;
  std::int32_t lengths_only;  ///< whether no set wants more than the two lengths
};

struct vector_arguments {
  request_batch<std::int32_t> batch;
  vector_outputs<std::int32_t> set;
};

template <int max_sets>
struct table_arguments {
  request_batch<std::int32_t> batch;
  table_source<std::int32_t> source;
  output_set<std::int32_t> sets[max_sets];
};

/// What a rule needs beyond the batch.
template <class N>
struct rule_constants {
  NSAMETA_HOST_DEVICE basic_plain_rule<N> rule(const request_batch<N>& batch) const { return {batch.topk}; }
};
template <>
struct rule_constants<std::int64_t> {
  shard_constants shards;
  NSAMETA_HOST_DEVICE general_rule rule(const request_batch<std::int64_t>&) const { return {shards}; }
};

template <class N>
struct full_arguments : rule_constants<N>, extra_work {
  request_batch<N> batch;
  table_source<N> source;
  output_set<N> sets[NSAMETA_SETS_PER_LAUNCH];
  padding paddings[NSAMETA_SETS_PER_LAUNCH];
};

}  // namespace nsameta::gpu
