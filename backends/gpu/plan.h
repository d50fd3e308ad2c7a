/// What the host works out of a fill before it is launched. How many blocks most parts get is a guess: too few are
/// slower, never wrong. What the short-rows kernels take: plan_short.h.
#pragma once

#include <algorithm>

#include "backend.h"
#include "common/extents.h"
#include "gpu/arguments.h"
#include "gpu/page_tables.h"
#include "gpu/plan_short.h"

namespace nsameta::gpu {

/// Page-table units that there can be, were every request as long as its table row. The kernel takes live ones only.
inline std::int64_t table_unit_bound(const nsameta_problem& problem, const nsameta_outputs& outputs,
                                     std::int64_t row_bound) {
  request longest{};
  longest.kv_len = problem.req_to_token.width;
  longest.rows = 1;
  const std::int64_t tiles = table_extent({problem, outputs, table_tile}, longest).tiles;
  constexpr std::int64_t plenty = std::int64_t{1} << 20;  // more fill any grid
  const std::int64_t rows = problem.mode == NSAMETA_EXTEND ? 0 : row_bound / table_copies;
  return std::min(tiles, plenty) * std::min(std::max(problem.batch_size, rows), plenty);
}

inline std::uint32_t row_fields_of(const nsameta_outputs& out) {
  return (present(out.seqlens_expanded) ? field_expanded : 0u) | (present(out.nsa_cache_seqlens) ? field_clamped : 0u) |
         (present(out.nsa_cu_seqlens_k) ? field_clamped_sums : 0u) |
         (present(out.nsa_cu_seqlens_q) ? field_row_numbers : 0u) |
         (present(out.indexer_ks) ? field_indexer_start : 0u) | (present(out.indexer_ke) ? field_indexer_end : 0u) |
         (present(out.token_to_batch) ? field_request : 0u);
}

/// Whether all that the parts of a grid count fits int32, so that the narrow kernel serves. Sums need not: they end at
/// 2^31 - 1 in int32 outputs whatever they are made in. Half the range is left for what is added to a position.
inline bool is_narrow(const nsameta_problem& problem, const nsameta_outputs& out, const set_plan& plan) {
  constexpr std::int64_t limit = std::int64_t{1} << 30;
  const auto fits = [](const nsameta_table& table) {
    return table.data == nullptr || (table.rows < limit && table.width < limit);
  };
  const auto is_int32 = [](const nsameta_vector& vector) { return !present(vector) || vector.dtype == NSAMETA_INT32; };
  if (!is_plain(problem) || (plan.row_fields & (field_indexer_start | field_indexer_end)) != 0 ||
      problem.batch_size >= limit || plan.row_limit >= limit || !is_int32(out.cu_seqlens_k) ||
      !is_int32(out.cu_seqlens_q) || !is_int32(out.nsa_cu_seqlens_k) || !is_int32(out.nsa_cu_seqlens_q))
    return false;
  if (!wants_tables(out)) return true;
  if (!fits(out.page_table_1) || !fits(out.real_page_table) || problem.req_to_token.width >= limit) return false;
  const std::int64_t columns = out.page_table_1.data == nullptr ? 0 : out.page_table_1.width;
  const std::int64_t paged_columns =
      out.real_page_table.data == nullptr ? 0 : out.real_page_table.width * problem.page_size;
  if (paged_columns >= limit) return false;
  const std::int64_t groups = table_row_limit(out) / table_copies + problem.batch_size + 1;
  const std::int64_t tiles = larger(problem.req_to_token.width, larger(columns, paged_columns)) / table_tile + 1;
  return groups < limit / tiles;
}

inline set_plan plan_of(const nsameta_problem& problem, const nsameta_outputs& outputs, std::int64_t row_bound,
                        std::int64_t max_blocks) {
  // Every block scans the batch; one that then has little to write would not have been worth it.
  const std::int64_t worthwhile = problem.batch_size / 4;
  const auto blocks = [&](bool wanted, std::int64_t work, std::int64_t per_block) {
    per_block = std::max(per_block, worthwhile);
    return wanted ? static_cast<std::int32_t>(
                        std::clamp<std::int64_t>(rounded_up(work, per_block), 1, larger(1, max_blocks)))
                  : 0;
  };
  const std::int64_t threads = tuning::block_threads;
  const std::uint32_t fields = row_fields_of(outputs);
  const bool tables = wants_tables(outputs);
  const std::int64_t units = tables ? table_unit_bound(problem, outputs, row_bound) : 0;
  return {.parts = {.rows = blocks(fields != 0, row_bound, threads),
                    .requests = blocks(wants_request_fields(outputs), problem.batch_size, threads),
                    .tables = blocks(tables, units, threads / smallest_warp),
                    .status = present(outputs.status) ? 1 : 0},
          .kv_offset = outputs.length_offset,
          .row_limit = rows_to_write(outputs, std::int64_t{1} << 62),
          .row_fields = fields,
          .vector_tail = outputs.vector_tail != NSAMETA_TAIL_KEEP};
}

}  // namespace nsameta::gpu
