/// Where the key of a position is written, as the engine's tables say.
#pragma once

#include "common/arithmetic.h"
#include "common/row_sums.h"

namespace nsameta {

NSAMETA_HOST_DEVICE std::int64_t element_of(const nsameta_strided& vector, std::int64_t index) {
  const std::int64_t at = index * vector.stride;
  return vector.dtype == NSAMETA_INT64 ? static_cast<const std::int64_t*>(vector.data)[at]
                                       : static_cast<const std::int32_t*>(vector.data)[at];
}

/// What the engine says of each row of the batch. Only what is given is read.
struct row_inputs {
  nsameta_strided slots;   ///< KV slot of its token
  nsameta_strided floors;  ///< position below which it does not look in a sliding window
  std::int64_t count;      ///< elements of both
  std::int64_t first = 0;  ///< that of row 0

  static row_inputs of(const nsameta_problem& problem) {
    return {problem.out_cache_loc, problem.swa_floor, problem.row_values};
  }
  /// Below 0: none.
  NSAMETA_HOST_DEVICE std::int64_t slot(std::int64_t row) const {
    return row < count - first ? element_of(slots, first + row) : -1;
  }
  NSAMETA_HOST_DEVICE std::int64_t floor(std::int64_t row) const {
    return row < count - first ? element_of(floors, first + row) : 0;
  }
};

struct key_slots {
  nsameta_token_table blocks, tokens;
  nsameta_strided slot_of_request;  ///< its row of `tokens`
  nsameta_strided full_to_swa;      ///< slot in the window's cache of each KV slot
  std::int64_t kv_slots;            ///< elements of it
  std::int32_t block_size, pad_slot;
  divisor span;          ///< positions of a block on all ranks of the kv shard together
  std::int64_t covered;  ///< positions that the block table has room for

  static key_slots of(const nsameta_problem& problem) {
    const std::int64_t span = std::int64_t{problem.block_size} * problem.kv_shard.size;
    const std::int64_t width = problem.block_table.data != nullptr ? problem.block_table.width : 0;
    return {problem.block_table, problem.req_to_token, problem.req_pool_indices,
            problem.full_to_swa, problem.kv_slots,     problem.block_size,
            problem.pad_slot,    divisor::of(span),    smaller(width, int32_max) * smaller(span, int32_max)};
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

  NSAMETA_HOST_DEVICE std::int64_t row_of(std::int64_t request) const { return element_of(slot_of_request, request); }
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

  /// Of a position in the window's cache, by a request's row of req_to_token; -1 where that has no such column, or
  /// full_to_swa no such element.
  NSAMETA_HOST_DEVICE std::int32_t in_window(const std::int32_t* row, std::int64_t position) const {
    return position < tokens.width ? in_window(row[position]) : -1;
  }
  /// Of a KV slot.
  NSAMETA_HOST_DEVICE std::int32_t in_window(std::int64_t slot) const {
    return is_kv_slot(slot) ? static_cast<std::int32_t>(element_of(full_to_swa, slot)) : -1;
  }
  /// Whether full_to_swa ends before a KV slot; a negative one is none.
  NSAMETA_HOST_DEVICE bool lacks(std::int64_t slot) const { return slot >= kv_slots; }
  /// The bits that looking it up raises.
  NSAMETA_HOST_DEVICE std::uint32_t window_bits(const std::int32_t* row, std::int64_t position) const {
    if (position >= tokens.width) return NSAMETA_BIT_CONTEXT_EXCEEDED;
    return is_kv_slot(row[position]) ? 0 : std::uint32_t{NSAMETA_BIT_BAD_SLOT};
  }

 private:
  NSAMETA_HOST_DEVICE bool is_kv_slot(std::int64_t slot) const { return slot >= 0 && slot < kv_slots; }
};

}  // namespace nsameta
