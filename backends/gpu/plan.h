/// Works out what kernels are launched with. How many blocks a piece of work gets is a guess from what the host knows
/// without reading a length: too few are slower, never wrong.
#pragma once

#include <algorithm>
#include <bit>

#include "common/arithmetic.h"
#include "gpu/arguments.h"
#include "problem.h"

namespace nsameta::gpu {

constexpr std::int64_t rounded_up(std::int64_t work, std::int64_t per_block) {
  return work / per_block + (work % per_block != 0);
}
constexpr std::int32_t log2_below(std::int64_t number) {
  return std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 1))) - 1;
}

/// What the host knows beyond the problem and the outputs.
struct launch_bounds {
  std::int64_t rows;    ///< to expect
  std::int64_t blocks;  ///< that a grid should have at most
};

inline constexpr int smallest_warp = 32;
/// Sizes that fit int32 with room for what is added to a position.
inline constexpr std::int64_t int32_reach = std::int64_t{1} << 30;

inline bool wants_row_fields(const nsameta_outputs& out) {
  return std::ranges::any_of(vector_fields,
                             [&](const vector_field& field) { return field.per_row() && present(out.*field.member); });
}
inline bool wants_request_fields(const nsameta_outputs& out) {
  return std::ranges::any_of(vector_fields, [&](const vector_field& field) {
    return !field.per_row() && field.member != &nsameta_outputs::status && present(out.*field.member);
  });
}

/// What some sets of outputs of a problem want.
struct wanted_work {
  batch_lengths lengths;
  std::int64_t request_rows;  ///< on average, as far as the host knows
  std::int64_t longest;       ///< capacity of the longest vector
  bool vectors, tables, page_table_1;
  bool vector_tails, table_tails, status;
  bool lengths_only;  ///< nothing but the two length fields

  /// Whether the kernels of short steps serve it.
  bool is_short_step(std::int64_t requests, int sets) const {
    return !vector_tails && !table_tails && request_rows <= tuning::short_rows &&
           (requests <= tuning::few_requests || (lengths_only && lengths.tokens == nullptr && sets == 1));
  }
};

inline wanted_work work_of(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                           std::int64_t row_bound) {
  wanted_work work{};
  work.lengths = lengths_of(problem);
  work.request_rows = work.lengths.tokens == nullptr
                          ? work.lengths.uniform_tokens
                          : rounded_up(row_bound, std::max<std::int64_t>(problem.batch_size, 1));
  work.lengths_only = true;
  for (int i = 0; i < sets; ++i) {
    const nsameta_outputs& out = outputs[i];
    const bool requests = wants_request_fields(out), vectors = requests || wants_row_fields(out);
    work.vectors |= vectors;
    work.tables |= wants_tables(out);
    work.page_table_1 |= out.page_table_1.data != nullptr;
    work.table_tails |= wants_tables(out) && out.table_tail != NSAMETA_TAIL_KEEP;
    work.status |= present(out.status);
    work.lengths_only &= !wants_tables(out) && !requests && !present(out.nsa_cu_seqlens_k) &&
                         !present(out.nsa_cu_seqlens_q) && !present(out.token_to_batch);
    work.vector_tails |= vectors && out.vector_tail != NSAMETA_TAIL_KEEP;
    for (const vector_field& field : vector_fields)
      work.longest = std::max(work.longest, writable(out.*field.member, (out.*field.member).capacity));
  }
  return work;
}

/// Whether neither shards nor pools are on, no status word is wanted and everything fits int32: strides, lengths that
/// the outputs' offset moves, rows that are written, and columns. Sums may be longer than that: int32 outputs of them
/// end at 2^31 - 1.
inline bool fits_int32(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                       const wanted_work& work) {
  const auto is_near = [](const nsameta_strided& array) { return array.stride < int32_reach / 8; };
  if (!is_plain(problem) || work.status || problem.batch_size > tuning::short_requests || work.longest >= int32_reach ||
      !is_near(problem.seq_lens) || !is_near(problem.extend_seq_lens))
    return false;
  const bool long_rows = !work.lengths.query_within_kv && work.request_rows > tuning::table_rows;
  if (work.tables && (long_rows || !is_near(problem.req_pool_indices) || problem.req_to_token.slots > int32_max ||
                      problem.req_to_token.width >= int32_reach))
    return false;
  return std::all_of(outputs, outputs + sets, [&](const nsameta_outputs& out) {
    const auto is_int32 = [](const nsameta_vector& sum) { return !present(sum) || sum.dtype == NSAMETA_INT32; };
    const auto has_room = [&](const nsameta_table& table, std::int64_t column) {
      return table.data == nullptr || out.table_tail == NSAMETA_TAIL_KEEP || table.width < int32_reach / column;
    };
    return out.length_offset < int32_reach && out.length_offset >= (is_int64(problem.seq_lens) ? 0 : 1 - int32_reach) &&
           !present(out.indexer_ks) && !present(out.indexer_ke) && is_int32(out.cu_seqlens_k) &&
           is_int32(out.cu_seqlens_q) && is_int32(out.nsa_cu_seqlens_k) && is_int32(out.nsa_cu_seqlens_q) &&
           has_room(out.page_table_1, 1) && has_room(out.real_page_table, problem.page_size);
  });
}

template <class N>
N clipped(std::int64_t number) {
  return static_cast<N>(std::min<std::int64_t>(number, static_cast<std::make_unsigned_t<N>>(-1) / 2));
}

template <class N>
integer_array<N> array_of(const nsameta_strided& from) {
  return {from.data, static_cast<N>(from.stride * (is_int64(from) ? 8 : 4)), is_int64(from)};
}

inline void set_vector(output_vector<std::int32_t>& to, const nsameta_vector& from) {
  to = {static_cast<std::int32_t*>(from.data), present(from) ? static_cast<std::int32_t>(from.capacity) : 0};
}
inline void set_vector(output_vector<std::int64_t>& to, const nsameta_vector& from) {
  to.data = from.data;
  to.capacity = present(from) ? from.capacity : 0;
  to.is_int64 = present(from) && from.dtype == NSAMETA_INT64;
}

template <class N>
output_table<N> table_of(const nsameta_table& from) {
  if (from.data == nullptr) return {};
  return {from.data, from.row_stride, clipped<N>(from.rows), clipped<N>(from.width)};
}

template <class N>
void plan_set(const nsameta_outputs& out, const batch_lengths& lengths, output_set<N>& set, padding& pad) {
  set.page_table_1 = table_of<N>(out.page_table_1);
  set.real_page_table = table_of<N>(out.real_page_table);
  set.kv.least = static_cast<N>(-out.length_offset);
  set.kv.most = clipped<N>(int32_max - lengths.drafts - out.length_offset);
  set.kv.added = static_cast<N>(lengths.drafts + out.length_offset);  // may wrap, and back again when it is added
  set.row_limit = static_cast<N>(rows_to_write(out, std::int64_t{1} << 62));
  set_vector(set.seqlens_expanded, out.seqlens_expanded);
  set_vector(set.nsa_cache_seqlens, out.nsa_cache_seqlens);
  set_vector(set.nsa_cu_seqlens_k, out.nsa_cu_seqlens_k);
  set_vector(set.nsa_cu_seqlens_q, out.nsa_cu_seqlens_q);
  set_vector(set.token_to_batch, out.token_to_batch);
  set_vector(set.cache_seqlens, out.cache_seqlens);
  set_vector(set.cu_seqlens_k, out.cu_seqlens_k);
  set_vector(set.cu_seqlens_q, out.cu_seqlens_q);
  set_vector(set.total_rows, out.total_rows);
  if constexpr (sizeof(N) > 4) {
    set_vector(set.indexer_ks, out.indexer_ks);
    set_vector(set.indexer_ke, out.indexer_ke);
  }
  pad = {static_cast<std::uint32_t*>(out.status.data),
         out.vector_tail != NSAMETA_TAIL_KEEP && (wants_row_fields(out) || wants_request_fields(out)),
         out.table_tail != NSAMETA_TAIL_KEEP, out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0};
}

/// `blocks`: at most, of one set of outputs.
template <class N>
table_source<N> table_source_of(const nsameta_problem& problem, const wanted_work& work, std::int64_t blocks) {
  const std::int32_t page_shift = log2_of(problem.page_size);
  const std::int64_t tile = std::int64_t{1} << tuning::small_tile << (work.page_table_1 ? 0 : page_shift);
  const std::int64_t tiles = std::clamp<std::int64_t>(rounded_up(problem.req_to_token.width, tile), 1, int32_max);
  const std::int64_t longest = tiles * std::min<std::int64_t>(problem.batch_size, tuning::table_group);
  const std::int64_t groups = rounded_up(problem.batch_size, tuning::table_group);
  const std::int32_t shift =
      log2_below(std::min({blocks / std::max<std::int64_t>(groups, 1),
                           rounded_up(longest * smallest_warp, tuning::block_threads), tuning::group_blocks}));
  return {.blocks = static_cast<std::int32_t>(groups << shift),
          .blocks_shift = shift,
          .row_a_request = {},
          .page_shift = page_shift,
          .slots = static_cast<N>(problem.req_to_token.slots),
          .width = static_cast<N>(problem.req_to_token.width),
          .req_pool_indices = array_of<N>(problem.req_pool_indices),
          .req_to_token = problem.req_to_token.data,
          .stride = problem.req_to_token.row_stride};
}

/// Plans sets of outputs of a problem. Kernels that need less take what they need of it.
template <class N>
void plan(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets, const wanted_work& work,
          const launch_bounds& bounds, full_arguments<N>& all) {
  const batch_lengths& lengths = work.lengths;
  const std::int64_t requests = problem.batch_size, rows = work.request_rows, blocks = bounds.blocks / sets;
  for (int i = 0; i < sets; ++i) plan_set(outputs[i], lengths, all.sets[i], all.paddings[i]);
  if constexpr (sizeof(N) > 4) all.shards = shard_constants::of(problem);

  // One lane a row; fewer where blocks would else have to take several groups of requests in turn.
  const bool is_short_step = sizeof(N) == 4 && work.is_short_step(requests, sets);
  const std::int64_t room = is_short_step
                                ? smallest_warp
                                : tuning::vector_blocks * tuning::block_threads / std::max<std::int64_t>(requests, 1);
  const std::int64_t lanes = rows <= tuning::short_rows
                                 ? std::min(std::max<std::int64_t>(rows, 1), std::int64_t{1} << log2_below(room))
                                 : std::clamp<std::int64_t>(room, tuning::short_rows, smallest_warp);
  request_batch<N>& batch = all.batch;
  batch.lanes_shift = std::bit_width(static_cast<std::uint64_t>(lanes - 1));
  std::int64_t groups =
      work.vectors ? std::max<std::int64_t>(1, rounded_up(requests, tuning::block_threads >> batch.lanes_shift)) : 0;
  batch.seq_lens = array_of<N>(problem.seq_lens);
  batch.extend_seq_lens =
      lengths.tokens != nullptr ? array_of<N>(problem.extend_seq_lens) : integer_array<N>{problem.seq_lens.data, 0, 0};
  batch.requests = static_cast<std::int32_t>(requests);
  batch.uniform_rows = lengths.tokens != nullptr ? -1 : lengths.uniform_tokens;
  batch.topk = problem.index_topk;
  batch.vector_blocks = static_cast<std::int32_t>(groups);
  all.source = {};
  if (work.tables) all.source = table_source_of<N>(problem, work, blocks);
  all.source.row_a_request = lengths.query_within_kv;
  all.lengths_only = work.lengths_only;
  all.block_groups = 1;
  all.shares_shift = all.status_blocks = all.tail_blocks = 0;
  if (is_short_step) return;

  const std::int64_t most = rows <= tuning::short_rows ? tuning::vector_blocks : std::max<std::int64_t>(blocks, 1);
  all.block_groups = static_cast<std::int32_t>(std::max<std::int64_t>(1, rounded_up(groups, most)));
  groups = rounded_up(groups, all.block_groups);
  all.shares_shift =
      log2_below(std::min(blocks / std::max<std::int64_t>(groups, 1), (rows >> batch.lanes_shift) / tuning::lane_rows));
  batch.vector_blocks = static_cast<std::int32_t>(groups << all.shares_shift);
  all.status_blocks = work.status;
  if (work.vector_tails)
    all.tail_blocks = static_cast<std::int32_t>(std::clamp<std::int64_t>(
        (work.longest - (lengths.tokens != nullptr ? 0 : requests * rows)) / tuning::tail_elements, 1,
        tuning::tail_blocks));
}

}  // namespace nsameta::gpu
