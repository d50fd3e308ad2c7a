/// What the short-rows kernels are launched with, worked out by the host: a few cache lines, because arguments are
/// constants and each line of those costs 50 cycles. Outputs have their public names.
#pragma once

#include <cstdint>

namespace nsameta::gpu {

/// An input array, as kernels read it: elements of one word or two, any distance apart.
struct integer_array {
  const void* data;
  std::int32_t stride;       ///< bytes
  std::int32_t high_offset;  ///< bytes from the low word of an element to its high word; 0 where there is none
};

/// Lengths that fit int32 once they are clamped, neither sharded nor pooled: all counts fit int32.
struct short_batch {
  integer_array seq_lens;
  integer_array extend_seq_lens;  ///< absent: `uniform_rows` each
  std::int32_t requests, uniform_rows;
  std::int32_t least_kv, most_kv, added_kv;  ///< a request's KV length is clamp(seq_lens, least, most) + added
};

/// An int32 output; absent: a capacity of 0.
struct int32_vector {
  std::int32_t* data;
  std::int32_t capacity;
};

/// The vectors of a batch whose requests have few rows each.
struct short_vectors {
  std::int32_t blocks;       ///< 0: none are wanted
  std::int32_t lanes_shift;  ///< log2 of the lanes that write a request's rows
  std::int32_t topk, row_limit;
  int32_vector seqlens_expanded, nsa_cache_seqlens, nsa_cu_seqlens_k, nsa_cu_seqlens_q, token_to_batch;
  int32_vector cache_seqlens, cu_seqlens_k, cu_seqlens_q, total_rows;
};

/// An output table; absent: no rows.
struct int32_table {
  std::int32_t* data;
  std::int64_t stride;  ///< elements
  std::int32_t rows, width;
};

/// The page tables, whose tail is kept.
struct short_tables {
  std::int32_t blocks;         ///< 0: none are wanted
  std::int32_t blocks_shift;   ///< log2 of the blocks that a group of requests has to itself
  std::int32_t row_a_request;  ///< whatever its tokens: `extend`
  std::int32_t page_shift;
  std::int32_t slots, width;  ///< of req_to_token
  integer_array req_pool_indices;
  const std::int32_t* req_to_token;
  std::int64_t source_stride;  ///< of req_to_token, elements
  int32_table page_table_1, real_page_table;
};

struct vector_plan {
  short_batch batch;
  short_vectors vectors;
};

struct short_plan : vector_plan {
  short_tables tables;
};

}  // namespace nsameta::gpu
