/// What the kernel of a step is launched with: the batch and outputs of most steps that servers run, worked out by the
/// host. A few cache lines, because arguments are constants and each line of those costs 50 cycles.
#pragma once

#include <cstdint>

namespace nsameta::gpu {

/// Contiguous lengths, neither sharded nor pooled: all counts fit int32.
struct step_batch {
  const void* kv;      ///< [requests]
  const void* tokens;  ///< [requests]; null: uniform_tokens each
  std::int32_t requests, uniform_tokens;
  std::int32_t least_kv, most_kv, added_kv;  ///< a request's KV length is clamp(kv, least, most) + added
  bool kv_is_int64, tokens_are_int64;
};

/// An int32 output; absent: a capacity of 0.
struct narrow_vector {
  std::int32_t* data;
  std::int32_t capacity;
};

/// The vectors of a batch whose requests have few rows each.
struct step_vectors {
  std::int32_t blocks;       ///< 0: none are wanted, or the batch is none for this part
  std::int32_t cluster;      ///< blocks that share the sums over earlier requests; a divisor of `blocks`
  std::int32_t lanes_shift;  ///< log2 of the lanes that write a request's rows
  bool two_fields;           ///< nothing but `expanded` and `clamped` is wanted
  std::int32_t topk, row_limit;
  narrow_vector expanded, clamped, clamped_sums, row_numbers, request;  // per row
  narrow_vector cache_seqlens, kv_sums, row_sums, total_rows;           // per request, and T
};

/// An output table; absent: no rows.
struct narrow_table {
  std::int32_t* data;
  std::int64_t stride;  ///< elements
  std::int32_t rows, width;
};

/// The page tables, whose tail is kept.
struct step_tables {
  std::int32_t blocks;        ///< 0: none are wanted, or the batch is none for this part
  std::int32_t blocks_shift;  ///< log2 of the blocks that a group of requests has to itself
  bool slots_are_int64;
  bool row_a_request;  ///< whatever its tokens: `extend`
  std::int32_t page_shift;
  std::int32_t slot_count, width;  ///< of req_to_token
  const void* slots;               ///< [requests]
  const std::int32_t* source;      ///< req_to_token
  std::int64_t source_stride;      ///< elements
  narrow_table full, paged;
};

struct step_plan {
  step_batch batch;
  step_vectors vectors;
  step_tables tables;
};

}  // namespace nsameta::gpu
