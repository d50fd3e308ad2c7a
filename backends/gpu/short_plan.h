/// What the part for short requests is launched with.
#pragma once

#include <cstdint>

namespace nsameta::gpu {

/// An int32 output; absent: a capacity of 0.
struct narrow_vector {
  std::int32_t* data;
  std::int32_t capacity;
};

/// Dense int32 lengths, neither sharded nor pooled, and int32 outputs: all counts fit int32.
struct short_plan {
  std::int32_t blocks;          ///< 0: the batch is none for this part
  bool two_fields;              ///< nothing but `expanded` and `clamped` is wanted
  const std::int32_t* kv;       ///< [requests]
  const std::int32_t* tokens;   ///< [requests]; null: uniform_tokens each
  std::int32_t requests, uniform_tokens, topk, row_limit;
  std::int32_t least_kv, most_kv, added_kv;  ///< a request's KV length is clamp(kv, least, most) + added
  narrow_vector expanded, clamped, clamped_sums, row_numbers, request;           // per row
  narrow_vector cache_seqlens, kv_sums, row_sums, total_rows;                    // per request, and T
};

}  // namespace nsameta::gpu
