/// Whether the short-rows kernels serve a fill, and what they are launched with then.
#pragma once

#include <algorithm>
#include <bit>

#include "common/extents.h"
#include "gpu/short_plan.h"
#include "gpu/tile_copy.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

constexpr std::int64_t rounded_up(std::int64_t work, std::int64_t per_block) {
  return work / per_block + (work % per_block != 0);
}

/// What the host knows beyond the problem and the outputs.
struct launch_bounds {
  std::int64_t rows;    ///< to expect
  std::int64_t blocks;  ///< that a grid should have at most
};

inline constexpr int smallest_warp = 32;
/// Sizes that fit int32 with room for what is added to a position.
inline constexpr std::int64_t int32_reach = std::int64_t{1} << 30;

inline integer_array array_of(const nsameta_strided& from) {
  const std::int32_t bytes = is_int64(from) ? 8 : 4;
  return {from.data, static_cast<std::int32_t>(from.stride * bytes), bytes - 4};
}

inline int32_vector vector_of(const nsameta_vector& from) {
  return {static_cast<std::int32_t*>(from.data),
          present(from) ? static_cast<std::int32_t>(smaller(from.capacity, int32_max)) : 0};
}

inline int32_table table_of(const nsameta_table& from) {
  if (from.data == nullptr) return {};
  return {from.data, from.row_stride, static_cast<std::int32_t>(smaller(from.rows, int32_max)),
          static_cast<std::int32_t>(smaller(from.width, int32_max))};
}

/// Lengths that fit int32 when they are moved by the outputs' offset, and arrays whose strides do.
inline bool has_short_batch(const nsameta_problem& problem, std::int64_t offset) {
  const bool kv_fits = is_int64(problem.seq_lens) ? offset >= 0 : offset > -int32_reach;
  return is_plain(problem) && problem.batch_size <= tuning::short_requests && kv_fits && offset < int32_reach &&
         problem.seq_lens.stride < int32_reach / 8 && problem.extend_seq_lens.stride < int32_reach / 8;
}

inline short_batch short_batch_of(const nsameta_problem& problem, std::int64_t length_offset) {
  const batch_lengths lengths = lengths_of(problem);
  const auto offset = static_cast<std::int32_t>(length_offset);
  return {.seq_lens = array_of(problem.seq_lens),
          .extend_seq_lens = array_of(problem.extend_seq_lens),
          .requests = static_cast<std::int32_t>(problem.batch_size),
          .uniform_rows = lengths.uniform_tokens,
          .least_kv = -offset,
          .most_kv = static_cast<std::int32_t>(smaller(int32_max, int32_max - lengths.drafts - offset)),
          .added_kv = wrapping_add(offset, lengths.drafts)};  // and back again when it is added
}

/// Whether the vectors have no tail, int32 sums, and, as far as the host knows, few rows a request.
inline bool has_short_vectors(const short_batch& batch, const nsameta_outputs& out, std::int64_t row_bound) {
  const auto is_int32 = [](const nsameta_vector& vector) { return !present(vector) || vector.dtype == NSAMETA_INT32; };
  const std::int64_t most_rows = tuning::short_rows * batch.requests;
  return out.vector_tail == NSAMETA_TAIL_KEEP && !present(out.indexer_ks) && !present(out.indexer_ke) &&
         is_int32(out.cu_seqlens_k) && is_int32(out.cu_seqlens_q) && is_int32(out.nsa_cu_seqlens_k) &&
         is_int32(out.nsa_cu_seqlens_q) && rows_to_write(out, int32_reach) < int32_reach &&
         batch.uniform_rows <= tuning::short_rows && (batch.extend_seq_lens.data == nullptr || row_bound <= most_rows);
}

/// Lanes that write a request's rows, as their log2: one a row, as far as the host knows.
inline std::int32_t lanes_shift_of(const short_batch& batch, std::int64_t row_bound) {
  const std::int64_t rows = batch.extend_seq_lens.data == nullptr
                                ? batch.uniform_rows
                                : rounded_up(row_bound, std::max<std::int64_t>(batch.requests, 1));
  int shift = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(rows, 1) - 1));
  while (shift > 0 && batch.requests > tuning::many_vector_blocks * (tuning::block_threads >> shift)) --shift;
  return shift;
}

inline short_vectors short_vectors_of(const short_batch& batch, const nsameta_problem& problem,
                                      const nsameta_outputs& out, std::int64_t row_bound) {
  const std::int32_t shift = lanes_shift_of(batch, row_bound);
  const std::int64_t blocks = rounded_up(batch.requests, tuning::block_threads >> shift);
  return {.blocks = static_cast<std::int32_t>(std::max<std::int64_t>(1, blocks)),
          .lanes_shift = shift,
          .topk = problem.index_topk,
          .row_limit = static_cast<std::int32_t>(rows_to_write(out, int32_reach)),
          .seqlens_expanded = vector_of(out.seqlens_expanded),
          .nsa_cache_seqlens = vector_of(out.nsa_cache_seqlens),
          .nsa_cu_seqlens_k = vector_of(out.nsa_cu_seqlens_k),
          .nsa_cu_seqlens_q = vector_of(out.nsa_cu_seqlens_q),
          .token_to_batch = vector_of(out.token_to_batch),
          .cache_seqlens = vector_of(out.cache_seqlens),
          .cu_seqlens_k = vector_of(out.cu_seqlens_k),
          .cu_seqlens_q = vector_of(out.cu_seqlens_q),
          .total_rows = vector_of(out.total_rows)};
}

/// Whether no column beyond the live ones is written, and rows need not be counted over very many requests.
inline bool has_short_tables(const nsameta_problem& problem, const nsameta_outputs& out) {
  const bool counts_rows = problem.extend_seq_lens.data != nullptr && problem.mode != NSAMETA_EXTEND;
  return out.table_tail == NSAMETA_TAIL_KEEP && problem.req_pool_indices.stride < int32_reach / 8 &&
         problem.req_to_token.slots <= int32_max && problem.req_to_token.width < int32_reach &&
         (!counts_rows || problem.batch_size <= tuning::short_ragged_tables);
}

inline short_tables short_tables_of(const nsameta_problem& problem, const nsameta_outputs& out,
                                    std::int64_t max_blocks) {
  if (problem.batch_size == 0) return {};
  const bool full = out.page_table_1.data != nullptr;
  const std::int64_t tile = full ? tile_columns<smallest_warp> : tile_pages<smallest_warp> * problem.page_size;
  const std::int64_t tiles = std::max<std::int64_t>(1, rounded_up(problem.req_to_token.width, tile));
  const std::int64_t groups = rounded_up(problem.batch_size, tuning::table_group);
  const std::int64_t longest = tiles * std::min<std::int64_t>(problem.batch_size, tuning::table_group);
  const std::int64_t blocks = std::min(std::max<std::int64_t>(1, max_blocks / groups),
                                       rounded_up(longest * smallest_warp, tuning::block_threads));
  const int shift = std::bit_width(static_cast<std::uint64_t>(blocks)) - 1;
  return {.blocks = static_cast<std::int32_t>(groups << shift),
          .blocks_shift = shift,
          .row_a_request = problem.mode == NSAMETA_EXTEND,
          .page_shift = log2_of(problem.page_size),
          .slots = static_cast<std::int32_t>(problem.req_to_token.slots),
          .width = static_cast<std::int32_t>(problem.req_to_token.width),
          .req_pool_indices = array_of(problem.req_pool_indices),
          .req_to_token = problem.req_to_token.data,
          .source_stride = problem.req_to_token.row_stride,
          .page_table_1 = table_of(out.page_table_1),
          .real_page_table = table_of(out.real_page_table)};
}

inline bool wants_row_fields(const nsameta_outputs& out) {
  return present(out.seqlens_expanded) || present(out.nsa_cache_seqlens) || present(out.nsa_cu_seqlens_k) ||
         present(out.nsa_cu_seqlens_q) || present(out.token_to_batch) || present(out.indexer_ks) ||
         present(out.indexer_ke);
}
inline bool wants_request_fields(const nsameta_outputs& out) {
  return present(out.cache_seqlens) || present(out.cu_seqlens_k) || present(out.cu_seqlens_q) ||
         present(out.total_rows);
}

/// Plans all of a set of outputs for the short-rows kernels. Returns whether they can serve it; if not, `plan` means
/// nothing.
inline bool plan_short_rows(const nsameta_problem& problem, const nsameta_outputs& out, const launch_bounds& bounds,
                            short_plan& plan) {
  if (present(out.status) || !has_short_batch(problem, out.length_offset)) return false;
  plan.batch = short_batch_of(problem, out.length_offset);
  plan.vectors = {};
  plan.tables = {};
  if (wants_row_fields(out) || wants_request_fields(out)) {
    if (!has_short_vectors(plan.batch, out, bounds.rows)) return false;
    plan.vectors = short_vectors_of(plan.batch, problem, out, bounds.rows);
  }
  if (wants_tables(out)) {
    if (!has_short_tables(problem, out)) return false;
    plan.tables = short_tables_of(problem, out, bounds.blocks);
  }
  return true;
}

/// Whether nothing but the two length fields is wanted.
inline bool is_lengths_only(const nsameta_outputs& out) {
  return !wants_tables(out) && !wants_request_fields(out) && !present(out.nsa_cu_seqlens_k) &&
         !present(out.nsa_cu_seqlens_q) && !present(out.token_to_batch);
}

}  // namespace nsameta::gpu
