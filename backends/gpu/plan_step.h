/// Whether a fill is a step as most are, and the plan of its kernel then.
#pragma once

#include <bit>

#include "gpu/kernels.h"
#include "gpu/plan.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

inline constexpr std::int64_t most_rows = 8;  ///< of a request, for which a few lanes are enough

/// Lengths that lie side by side and, moved by the outputs' offset, fit int32.
inline bool has_step_batch(const nsameta_problem& problem, const set_plan& plan) {
  constexpr std::int64_t far = std::int64_t{1} << 30;
  const bool kv_fits = is_int64(problem.seq_lens) ? plan.kv_offset >= 0 : plan.kv_offset > -far;
  return problem.seq_lens.stride == 1 && kv_fits && plan.kv_offset < far &&
         (problem.extend_seq_lens.data == nullptr || problem.extend_seq_lens.stride == 1);
}

inline step_batch step_batch_of(const batch_lengths& lengths, const set_plan& plan) {
  const auto offset = static_cast<std::int32_t>(plan.kv_offset);
  return {.kv = lengths.kv,
          .tokens = lengths.tokens,
          .requests = static_cast<std::int32_t>(lengths.requests),
          .uniform_tokens = lengths.uniform_tokens,
          .least_kv = -offset,
          .most_kv = static_cast<std::int32_t>(std::min(int32_max, int32_max - lengths.drafts - offset)),
          .added_kv = wrapping_add(offset, lengths.drafts),  // and back again when it is added
          .kv_is_int64 = lengths.kv_is_int64,
          .tokens_are_int64 = lengths.tokens_are_int64};
}

/// Blocks that share the sums over earlier requests; worth its barriers where those are many.
inline std::int32_t cluster_for(const batch_lengths& lengths, bool two_fields) {
  if (two_fields && lengths.tokens == nullptr) return 1;  // nothing is added up
  return lengths.requests > (two_fields ? 8192 : 4096) ? largest_cluster : 1;
}

/// No blocks where the rows, as far as the host knows, are many for the requests, or the requests very many.
inline step_vectors step_vectors_of(const batch_lengths& lengths, const nsameta_outputs& out, const set_plan& plan,
                                    const nsameta_problem& problem, const launch_policy& policy) {
  constexpr std::int64_t most_requests = 65536, many_blocks = 256;
  const std::int64_t requests = lengths.requests;
  if (plan.parts.rows + plan.parts.requests == 0 || plan.vector_tail || requests > most_requests ||
      lengths.uniform_tokens > most_rows || (lengths.tokens != nullptr && policy.row_bound > most_rows * requests))
    return {};
  const auto narrow = [](const nsameta_vector& vector) {
    return narrow_vector{static_cast<std::int32_t*>(vector.data),
                         present(vector) ? static_cast<std::int32_t>(smaller(vector.capacity, int32_max)) : 0};
  };
  const std::int64_t rows_each =
      lengths.tokens == nullptr ? lengths.uniform_tokens : rounded_up(policy.row_bound, larger(requests, 1));
  int shift = std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(rows_each, 1) - 1));
  // Every block adds up all earlier requests, so that few of them do better than well-shared rows.
  while (shift > 0 && requests > many_blocks * (policy.block_threads >> shift)) --shift;
  const bool two_fields = (plan.row_fields & ~(field_expanded | field_clamped)) == 0 && plan.parts.requests == 0;
  const std::int32_t cluster = cluster_for(lengths, two_fields);
  const std::int64_t blocks = std::max<std::int64_t>(1, rounded_up(requests, policy.block_threads >> shift));
  return {.blocks = static_cast<std::int32_t>(rounded_up(blocks, cluster)) * cluster,
          .cluster = cluster,
          .lanes_shift = shift,
          .two_fields = two_fields,
          .topk = problem.index_topk,
          .row_limit = static_cast<std::int32_t>(plan.row_limit),
          .expanded = narrow(out.seqlens_expanded),
          .clamped = narrow(out.nsa_cache_seqlens),
          .clamped_sums = narrow(out.nsa_cu_seqlens_k),
          .row_numbers = narrow(out.nsa_cu_seqlens_q),
          .request = narrow(out.token_to_batch),
          .cache_seqlens = narrow(out.cache_seqlens),
          .kv_sums = narrow(out.cu_seqlens_k),
          .row_sums = narrow(out.cu_seqlens_q),
          .total_rows = narrow(out.total_rows)};
}

/// No blocks where columns beyond the live ones are written, where rows would have to be counted over very many
/// requests, or where slots pass int32.
inline step_tables step_tables_of(const batch_lengths& lengths, const nsameta_outputs& out,
                                  const nsameta_problem& problem, const launch_policy& policy) {
  constexpr std::int64_t most_requests = 65536, most_ragged = 8192;
  const bool row_a_request = problem.mode == NSAMETA_EXTEND;
  const bool ragged = lengths.tokens != nullptr && !row_a_request;
  if (!wants_tables(out) || out.table_tail != NSAMETA_TAIL_KEEP || problem.req_pool_indices.stride != 1 ||
      problem.req_to_token.slots > int32_max || lengths.requests > (ragged ? most_ragged : most_requests) ||
      lengths.requests == 0)
    return {};
  const auto narrow = [](const nsameta_table& table) {
    return table.data == nullptr ? narrow_table{}
                                 : narrow_table{table.data, table.row_stride, static_cast<std::int32_t>(table.rows),
                                                static_cast<std::int32_t>(table.width)};
  };
  const bool full = out.page_table_1.data != nullptr;
  const std::int64_t tile = full ? tile_columns<smallest_warp> : tile_pages<smallest_warp> * problem.page_size;
  const std::int64_t tiles = std::max<std::int64_t>(1, rounded_up(problem.req_to_token.width, tile));
  const std::int64_t groups = rounded_up(lengths.requests, group_requests);
  const std::int64_t longest = tiles * std::min<std::int64_t>(lengths.requests, group_requests);
  const std::int64_t blocks = std::min(std::max<std::int64_t>(1, policy.max_blocks / groups),
                                       rounded_up(longest * smallest_warp, policy.block_threads));
  const int shift = std::bit_width(static_cast<std::uint64_t>(blocks)) - 1;
  return {.blocks = static_cast<std::int32_t>(groups << shift),
          .blocks_shift = shift,
          .slots_are_int64 = is_int64(problem.req_pool_indices),
          .row_a_request = row_a_request,
          .page_shift = log2_of(problem.page_size),
          .slot_count = static_cast<std::int32_t>(problem.req_to_token.slots),
          .width = static_cast<std::int32_t>(problem.req_to_token.width),
          .slots = problem.req_pool_indices.data,
          .source = problem.req_to_token.data,
          .source_stride = problem.req_to_token.row_stride,
          .full = narrow(out.page_table_1),
          .paged = narrow(out.real_page_table)};
}

inline step_plan step_plan_of(const nsameta_problem& problem, const batch_lengths& lengths, const nsameta_outputs& out,
                              const set_plan& plan, const launch_policy& policy) {
  if (!has_step_batch(problem, plan)) return {};
  return {step_batch_of(lengths, plan), step_vectors_of(lengths, out, plan, problem, policy),
          step_tables_of(lengths, out, problem, policy)};
}

/// The least that serves.
inline reach reach_of(const step_plan& plan) {
  if (plan.batch.kv_is_int64 || plan.batch.tokens_are_int64) return reach::int64_step;
  if (plan.tables.blocks > 0) return reach::step;
  if (!plan.vectors.two_fields) return reach::vectors;
  return plan.batch.tokens == nullptr ? reach::uniform_rows : reach::ragged_rows;
}

}  // namespace nsameta::gpu
