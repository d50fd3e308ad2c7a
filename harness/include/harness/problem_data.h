/// A problem that owns its host memory: what JSON, the generator and the scheduler make, and what buffers are filled
/// from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::harness {

/// An input vector of integers with its element type and stride. The gaps between elements hold poison, so that a
/// backend that ignores the stride gives itself away.
class strided_values {
 public:
  strided_values() = default;  ///< absent
  /// With a stride of 0, one element stands for all. Throws std::out_of_range when a value does not fit `dtype`,
  /// std::invalid_argument when `stride` is negative, or 0 and the values differ.
  explicit strided_values(std::span<const std::int64_t> values, nsameta_dtype dtype = NSAMETA_INT32,
                          std::int64_t stride = 1);

  bool present() const { return !memory_.empty(); }
  std::int64_t size() const { return size_; }
  nsameta_dtype dtype() const { return dtype_; }
  std::int64_t stride() const { return stride_; }
  std::int64_t operator[](std::int64_t i) const;
  std::vector<std::int64_t> values() const;

  /// Points into this object; valid while it lives and stays unchanged. Data is not null, even of a present empty
  /// vector.
  nsameta_strided view() const { return {memory_.data(), stride_, dtype_}; }
  std::span<const std::byte> memory() const { return memory_; }

 private:
  std::vector<std::byte> memory_;  // aligned for any integer by the allocator; empty when absent
  std::int64_t size_ = 0;
  std::int64_t stride_ = 1;
  nsameta_dtype dtype_ = NSAMETA_INT32;
};

/// A table of the engine's, row-major; absent when it has no row.
struct token_table {
  std::vector<std::int32_t> memory;  ///< first + slots * row_stride; empty when the caller keeps the table elsewhere
  std::int64_t first = 0;            ///< elements before row 0
  std::int64_t slots = 0;
  std::int64_t width = 0;
  std::int64_t row_stride = 0;

  nsameta_token_table view() const;
};

/// nsameta_problem, with its memory and with the defaults of an absent member. The batch size is that of `seq_lens`.
struct problem_data {
  nsameta_mode mode = NSAMETA_DECODE;
  strided_values seq_lens{std::span<const std::int64_t>{}};
  strided_values extend_seq_lens;
  std::int64_t uniform_extend_len = 0;
  strided_values req_pool_indices;
  token_table req_to_token;
  std::int32_t page_size = 64;
  std::int32_t index_topk = 2048;
  std::int32_t index_kpool = 1;
  nsameta_kv_shard kv_shard{1, 0, 1};
  nsameta_q_shard q_shard{1, 0, NSAMETA_Q_SHARD_ROUND_ROBIN};
  std::int64_t context_limit = 0;
  std::optional<std::int32_t> live_requests;  ///< absent: all
  token_table block_table;
  std::int32_t block_size = 64;
  std::int32_t pad_slot = -1;
  strided_values topk_lens;
  strided_values extra_topk_lens;
  strided_values num_logits;
  strided_values num_rejected;
  std::int32_t seq_pad = 0;
  strided_values full_to_swa;               ///< as many as there are KV slots
  strided_values out_cache_loc, swa_floor;  ///< of rows; as many of both
  std::array<token_table, NSAMETA_BLOCK_TABLES> block_tables;
  std::int64_t pad_rows_to = 0;

  std::int64_t batch_size() const { return seq_lens.size(); }
  /// Points into this object; valid while it lives and stays unchanged. Throws std::logic_error when an input is
  /// shorter than the batch.
  nsameta_problem view() const;
  /// The batch of a drafter's step after this one: a row of each request. Its outputs say which step it is.
  problem_data draft() const;
};

}  // namespace nsameta::harness
