/// What the short-rows kernels are launched with, worked out by the host: a few cache lines, because arguments are
/// constants and each line of those costs 50 cycles. Outputs have their public names.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

#include "common/extents.h"
#include "gpu/tile_copy.h"
#include "gpu/tuning.h"

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
  return {from.data, static_cast<std::int32_t>(from.stride * bytes), is_int64(from)};
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

/// Rows that a request has on average, as far as the host knows.
inline std::int64_t rows_a_request(const nsameta_problem& problem, const batch_lengths& lengths,
                                   std::int64_t row_bound) {
  if (lengths.tokens == nullptr) return lengths.uniform_tokens;
  return rounded_up(row_bound, std::max<std::int64_t>(problem.batch_size, 1));
}

/// Lanes that write a request's rows, as their log2: one a row; of many rows fewer where there are blocks enough.
inline std::int32_t lanes_shift_of(std::int64_t rows, std::int64_t requests) {
  const bool many = requests > tuning::vector_blocks * tuning::block_threads / smallest_warp;
  return std::bit_width(static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(rows, 1, many ? tuning::short_rows : std::int64_t{smallest_warp}) - 1));
}

inline kv_range range_of(const batch_lengths& lengths, std::int64_t length_offset) {
  const auto offset = static_cast<std::int32_t>(length_offset);
  return {-offset, static_cast<std::int32_t>(smaller(int32_max, int32_max - lengths.drafts - offset)),
          wrapping_add(offset, lengths.drafts)};  // and back again when it is added
}

/// Whether the vectors have int32 sums and int32 indices, and no indexer ranges.
inline bool has_short_vectors(const nsameta_outputs& out) {
  const auto is_int32 = [](const nsameta_vector& vector) { return !present(vector) || vector.dtype == NSAMETA_INT32; };
  return !present(out.indexer_ks) && !present(out.indexer_ke) && is_int32(out.cu_seqlens_k) &&
         is_int32(out.cu_seqlens_q) && is_int32(out.nsa_cu_seqlens_k) && is_int32(out.nsa_cu_seqlens_q) &&
         rows_to_write(out, int32_reach) < int32_reach;
}

inline short_vectors short_vectors_of(const kv_range& range, const nsameta_outputs& out) {
  return {.kv = range,
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

/// Whether rows of page tables are few and need not be counted over very many requests.
inline bool has_short_tables(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t rows) {
  if (problem.mode != NSAMETA_EXTEND &&
      (rows > tuning::table_rows ||
       (problem.extend_seq_lens.data != nullptr && problem.batch_size > tuning::short_ragged_tables)))
    return false;
  const auto fits = [&](const nsameta_table& table, std::int64_t column) {
    return table.data == nullptr || out.table_tail == NSAMETA_TAIL_KEEP || table.width < int32_reach / column;
  };
  return problem.batch_size <= tuning::short_tables && problem.req_pool_indices.stride < int32_reach / 8 &&
         problem.req_to_token.slots <= int32_max && problem.req_to_token.width < int32_reach &&
         fits(out.page_table_1, 1) && fits(out.real_page_table, problem.page_size);
}

/// `blocks`: at most, of one set of outputs.
inline table_source table_source_of(const nsameta_problem& problem, bool full, std::int64_t max_blocks) {
  const std::int64_t tile = std::int64_t{1} << tuning::small_tile << (full ? 0 : log2_of(problem.page_size));
  const std::int64_t tiles = std::max<std::int64_t>(1, rounded_up(problem.req_to_token.width, tile));
  const std::int64_t groups = rounded_up(problem.batch_size, tuning::table_group);
  const std::int64_t longest = tiles * std::min<std::int64_t>(problem.batch_size, tuning::table_group);
  const std::int64_t blocks = std::max<std::int64_t>(
      1, std::min(max_blocks / std::max<std::int64_t>(groups, 1),
                  std::min(rounded_up(longest * smallest_warp, tuning::block_threads), tuning::group_blocks)));
  const int shift = std::bit_width(static_cast<std::uint64_t>(blocks)) - 1;
  return {.blocks = static_cast<std::int32_t>(groups << shift),
          .blocks_shift = shift,
          .row_a_request = {},
          .page_shift = log2_of(problem.page_size),
          .slots = static_cast<std::int32_t>(problem.req_to_token.slots),
          .width = static_cast<std::int32_t>(problem.req_to_token.width),
          .req_pool_indices = array_of(problem.req_pool_indices),
          .req_to_token = problem.req_to_token.data,
          .stride = problem.req_to_token.row_stride};
}

inline bool wants_row_fields(const nsameta_outputs& out) {
  return std::ranges::any_of(vector_fields,
                             [&](const vector_field& field) { return field.per_row() && present(out.*field.member); });
}
inline bool wants_request_fields(const nsameta_outputs& out) {
  return std::ranges::any_of(vector_fields, [&](const vector_field& field) {
    return !field.per_row() && field.member != &nsameta_outputs::status && present(out.*field.member);
  });
}

/// Whether nothing but the two length fields is wanted.
inline bool is_lengths_only(const nsameta_outputs& out) {
  return !wants_tables(out) && !wants_request_fields(out) && !present(out.nsa_cu_seqlens_k) &&
         !present(out.nsa_cu_seqlens_q) && !present(out.token_to_batch);
}

/// The most elements that a vector of a set has beyond its requests.
inline std::int64_t longest_tail(const nsameta_outputs& out, std::int64_t requests) {
  std::int64_t most = rows_to_write(out, std::int64_t{1} << 62) + 1;
  for (const vector_field& field : vector_fields)
    if (!field.per_row() && field.tail != tail_rule::keep)
      most = std::max(most, writable(out.*field.member, (out.*field.member).capacity) - requests);
  return most;
}

/// What serves a fill.
enum class short_path { none, plain, padded };

/// Plans sets of outputs of a problem for the short-rows kernels, if they can serve all of them; if not, `plan` means
/// nothing.
template <int max_sets>
short_path plan_short_rows(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                           const launch_bounds& bounds, padded_arguments<max_sets>& plan) {
  const batch_lengths lengths = lengths_of(problem);
  const std::int64_t requests = problem.batch_size, rows = rows_a_request(problem, lengths, bounds.rows);
  const bool is_ragged = lengths.tokens != nullptr;
  bool vectors = false, tables = false, full = false, tails = false, status = false, lengths_only = true;
  for (int i = 0; i < sets; ++i) {
    const nsameta_outputs& out = outputs[i];
    if (!has_short_batch(problem, out.length_offset)) return short_path::none;
    short_set& set = plan.sets[i];
    const bool wants_vectors = wants_row_fields(out) || wants_request_fields(out);
    if (wants_vectors && !has_short_vectors(out)) return short_path::none;
    static_cast<short_vectors&>(set) = short_vectors_of(range_of(lengths, out.length_offset), out);
    if (wants_tables(out) && !has_short_tables(problem, out, rows)) return short_path::none;
    set.page_table_1 = table_of(out.page_table_1);
    set.real_page_table = table_of(out.real_page_table);
    const bool has_tail = wants_vectors && out.vector_tail != NSAMETA_TAIL_KEEP;
    if (has_tail && longest_tail(out, requests) >= int32_reach) return short_path::none;
    plan.paddings[i] = {static_cast<std::uint32_t*>(out.status.data), has_tail, out.table_tail != NSAMETA_TAIL_KEEP,
                        out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0};
    vectors |= wants_vectors;
    tables |= wants_tables(out);
    full |= out.page_table_1.data != nullptr;
    tails |= has_tail || (wants_tables(out) && plan.paddings[i].table_tail);
    status |= present(out.status);
    lengths_only &= is_lengths_only(out);
  }
  const std::int64_t blocks = bounds.blocks / sets;
  const std::int32_t shift = lanes_shift_of(rows, requests);
  std::int64_t groups = vectors ? std::max<std::int64_t>(1, rounded_up(requests, tuning::block_threads >> shift)) : 0;
  short_batch& batch = plan.batch;
  batch.seq_lens = array_of(problem.seq_lens);
  batch.extend_seq_lens = is_ragged ? array_of(problem.extend_seq_lens) : integer_array{problem.seq_lens.data, 0, 0};
  batch.requests = static_cast<std::int32_t>(requests);
  batch.uniform_rows = is_ragged ? -1 : lengths.uniform_tokens;
  batch.topk = problem.index_topk;
  batch.vector_blocks = static_cast<std::int32_t>(groups);
  batch.lanes_shift = shift;
  plan.source = {};
  if (tables) plan.source = table_source_of(problem, full, blocks);
  plan.source.row_a_request = problem.mode == NSAMETA_EXTEND;
  plan.lengths_only = lengths_only;
  if (!tails && !status && rows <= tuning::short_rows &&
      (requests <= tuning::few_requests || (lengths_only && !is_ragged && sets == 1)))
    return short_path::plain;

  plan.block_groups = static_cast<std::int32_t>(std::max<std::int64_t>(1, rounded_up(groups, tuning::vector_blocks)));
  groups = rounded_up(groups, plan.block_groups);
  const std::int64_t shares = std::min(blocks / std::max<std::int64_t>(groups, 1), (rows >> shift) / tuning::lane_rows);
  plan.shares_shift = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(shares, 1))) - 1;
  plan.batch.vector_blocks = static_cast<std::int32_t>(groups << plan.shares_shift);
  plan.status_blocks = status;
  plan.tail_blocks = 0;
  for (int i = 0; i < sets; ++i)
    if (plan.paddings[i].vector_tail)
      plan.tail_blocks =
          std::max(plan.tail_blocks,
                   static_cast<std::int32_t>(std::clamp<std::int64_t>(
                       (longest_tail(outputs[i], requests) - (is_ragged ? 0 : requests * rows)) / tuning::tail_elements,
                       1, tuning::tail_blocks)));
  return short_path::padded;
}

}  // namespace nsameta::gpu
