/// What the short-rows kernels are launched with, worked out by the host: a few cache lines, because arguments are
/// constants and each line of those costs 50 cycles. Outputs have their public names.
#pragma once

#include <cstdint>

namespace nsameta::gpu {

/// An input array, as kernels read it: elements of one word or two, any distance apart.
struct integer_array {
  const void* data;
  std::int32_t stride;  ///< bytes
  std::int32_t is_int64;
};

/// A batch neither sharded nor pooled, whose lengths fit int32 once they are clamped. The same for all sets of outputs,
/// so that nothing that the first loads need is looked up by set.
struct short_batch {
  integer_array seq_lens;
  integer_array extend_seq_lens;  ///< readable also where each request has `uniform_rows`
  std::int32_t requests;
  std::int32_t uniform_rows;  ///< below 0: extend_seq_lens has them
  std::int32_t topk;
  std::int32_t vector_blocks;  ///< of the grid's row
  std::int32_t lanes_shift;    ///< log2 of the lanes that write a request's rows
};

/// The input of page tables.
struct table_source {
  std::int32_t blocks;         ///< of the grid's row
  std::int32_t blocks_shift;   ///< log2 of the blocks that a group of requests has to itself
  std::int32_t row_a_request;  ///< whatever its tokens: `extend`
  std::int32_t page_shift;
  std::int32_t slots, width;  ///< of req_to_token
  integer_array req_pool_indices;
  const std::int32_t* req_to_token;
  std::int64_t stride;  ///< of req_to_token, elements
};

/// An int32 output; absent: a capacity of 0.
struct int32_vector {
  std::int32_t* data;
  std::int32_t capacity;
};

/// A request's KV length is clamp(seq_lens, least, most) + added.
struct kv_range {
  std::int32_t least, most, added;
};

struct short_vectors {
  kv_range kv;
  std::int32_t row_limit;
  int32_vector seqlens_expanded, nsa_cache_seqlens, nsa_cu_seqlens_k, nsa_cu_seqlens_q, token_to_batch;
  int32_vector cache_seqlens, cu_seqlens_k, cu_seqlens_q, total_rows;
};

/// An output table; absent: no rows.
struct int32_table {
  std::int32_t* data;
  std::int64_t stride;  ///< elements
  std::int32_t rows, width;
};

struct short_tables {
  int32_table page_table_1, real_page_table;
};

/// A set of outputs. What the page tables need lies side by side.
struct short_set : short_tables, short_vectors {};

/// What padded graphs want of a set beyond that.
struct padding {
  std::uint32_t* status;
  std::int32_t vector_tail;  ///< whether there is one
  std::int32_t table_tail;   ///< whether there is one
  std::int32_t table_tail_value;
};

struct vector_arguments {
  short_batch batch;
  short_vectors set;
};

template <int max_sets>
struct table_arguments {
  short_batch batch;
  table_source source;
  short_set sets[max_sets];
};

/// Work beyond the short rows.
struct padded_work {
  std::int32_t shares_shift;  ///< log2 of the blocks that share the rows of the same requests
  std::int32_t block_groups;  ///< groups of requests, as many as fit a block, that one takes in turn
  std::int32_t tail_blocks, status_blocks;
  std::int32_t lengths_only;  ///< whether no set wants more
};

template <int max_sets>
struct padded_arguments : table_arguments<max_sets>, padded_work {
  padding paddings[max_sets];
};

}  // namespace nsameta::gpu
