/// Where the key of a position is written, as the engine's tables say.
#pragma once

#include "common/arithmetic.h"
#include "common/row_sums.h"

namespace nsameta {

struct key_slots {
  nsameta_token_table blocks, tokens;
  nsameta_strided slot_of_request;  ///< its row of `tokens`
  std::int32_t block_size, pad_slot;
  divisor span;          ///< positions of a block on all ranks of the kv shard together
  std::int64_t covered;  ///< positions that the block table has room for

  static key_slots of(const nsameta_problem& problem) {
    const std::int64_t span = std::int64_t{problem.block_size} * problem.kv_shard.size;
    const std::int64_t width = problem.block_table.data != nullptr ? problem.block_table.width : 0;
    return {problem.block_table,
            problem.req_to_token,
            problem.req_pool_indices,
            problem.block_size,
            problem.pad_slot,
            divisor::of(span),
            smaller(width, int32_max) * smaller(span, int32_max)};
  }

  /// By the request's blocks; pad_slot past them, and where another rank has the position.
  NSAMETA_HOST_DEVICE std::int64_t in_blocks(std::int64_t request, std::int64_t position,
                                             const kv_shard_rule& shard) const {
    if (position >= covered) return pad_slot;
    const std::int64_t block = span.quotient(position), own = shard.own(position - block * span.value);
    return own < 0 ? pad_slot : std::int64_t{blocks.data[request * blocks.row_stride + block]} * block_size + own;
  }

  /// Key `offset` of the request's first block, which has `keys`; pad_slot where there is none. On any rank.
  NSAMETA_HOST_DEVICE std::int64_t in_first_block(std::int64_t request, std::int64_t offset, std::int64_t keys) const {
    if (covered == 0) return pad_slot;
    return std::int64_t{blocks.data[request * blocks.row_stride]} * keys + offset;
  }

  NSAMETA_HOST_DEVICE std::int64_t row_of(std::int64_t request) const {
    const std::int64_t at = request * slot_of_request.stride;
    return slot_of_request.dtype == NSAMETA_INT64 ? static_cast<const std::int64_t*>(slot_of_request.data)[at]
                                                  : static_cast<const std::int32_t*>(slot_of_request.data)[at];
  }
  NSAMETA_HOST_DEVICE bool has_row(std::int64_t row) const { return row >= 0 && row < tokens.slots; }
  /// The request's row of req_to_token; null where it has none.
  NSAMETA_HOST_DEVICE const std::int32_t* tokens_of(std::int64_t request) const {
    const std::int64_t row = row_of(request);
    return has_row(row) ? tokens.data + row * tokens.row_stride : nullptr;
  }
  /// By the request's row of req_to_token; pad_slot past it, and where there is none.
  NSAMETA_HOST_DEVICE std::int64_t in_tokens(std::int64_t request, std::int64_t position) const {
    const std::int64_t row = row_of(request);
    return has_row(row) && position < tokens.width ? tokens.data[row * tokens.row_stride + position] : pad_slot;
  }
};

}  // namespace nsameta
