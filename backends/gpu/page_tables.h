/// The page tables: a warp takes a unit of work at a time.
#pragma once

#include "common/extents.h"
#include "gpu/batch_scan.h"
#include "gpu/wide_access.h"

namespace nsameta::gpu {

/// Columns a lane moves at a time: 16 bytes.
inline constexpr int columns_per_lane = 4;

/// Columns [begin, end) of page_table_1, of which those below `live` come from the source, the others are `tail`.
template <device_lane L>
NSAMETA_DEVICE void write_columns(int lane_index, const nsameta_table& table, const table_unit& unit, std::int64_t end,
                                  std::int64_t live, std::int32_t tail) {
  const std::int64_t rows = smaller(unit.end_row, table.rows) - unit.row;
  if (rows <= 0) return;
  std::int32_t* const to = table.data + unit.row * table.row_stride;
  const bool wide = is_aligned(unit.source + unit.begin) && is_aligned(to + unit.begin) &&
                    (rows == 1 || table.row_stride % columns_per_lane == 0);
  constexpr int step = L::warp_width * columns_per_lane;
  for (std::int64_t column = unit.begin + lane_index * columns_per_lane; column < end; column += step) {
    if (wide && column + columns_per_lane <= smaller(end, live)) {
      const auto tokens = load_wide(unit.source + column);
      for (std::int64_t row = 0; row < rows; ++row) store_wide(to + row * table.row_stride + column, tokens);
      continue;
    }
    for (std::int64_t one = column; one < smaller(column + columns_per_lane, end); ++one) {
      const std::int32_t token = one < live ? unit.source[one] : tail;
      for (std::int64_t row = 0; row < rows; ++row) to[row * table.row_stride + one] = token;
    }
  }
}

/// Pages of real_page_table that begin in the unit's columns.
template <device_lane L>
NSAMETA_DEVICE void write_pages(int lane_index, const nsameta_table& table, const table_unit& unit, std::int64_t end,
                                std::int64_t live, std::int32_t tail, int shift) {
  const std::int64_t rows = smaller(unit.end_row, table.rows) - unit.row;
  if (rows <= 0) return;
  std::int32_t* const to = table.data + unit.row * table.row_stride;
  for (std::int64_t page = (unit.begin >> shift) + lane_index; page < end; page += L::warp_width) {
    const std::int64_t column = page << shift;
    const std::int32_t value = column < live ? unit.source[column] >> shift : tail;
    for (std::int64_t row = 0; row < rows; ++row) to[row * table.row_stride + page] = value;
  }
}

template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_page_tables(L& lane, const Batch& batch, const scanned_batch& scanned) {
  constexpr int warps = block_threads / L::warp_width;
  const nsameta_outputs& out = batch.out;
  const int lane_index = lane.thread() % L::warp_width;
  const int shift = page_shift(batch.problem.page_size);
  const std::int32_t tail = out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0;
  const std::int64_t stride = static_cast<std::int64_t>(lane.block_count()) * warps;
  std::int64_t number = static_cast<std::int64_t>(lane.block()) * warps + lane.thread() / L::warp_width;
  for (; number < scanned.all.table_units; number += stride) {
    const located_request at = locate_unit(batch, scanned.segments, number);
    const table_extent extent(batch.problem, out, at.value);
    const table_unit unit = cut_table_unit(batch.problem, extent, at.index, batch.table_rows(at.before),
                                           number - at.before.table_units);
    if (unit.row >= table_row_limit(out)) return;  // and so is every later unit's
    if (out.page_table_1.data != nullptr)
      write_columns<L>(lane_index, out.page_table_1, unit, smaller(unit.end, extent.columns), extent.live, tail);
    if (out.real_page_table.data != nullptr)
      write_pages<L>(lane_index, out.real_page_table, unit, smaller(unit.end >> shift, extent.pages), extent.live,
                     tail, shift);
  }
}

}  // namespace nsameta::gpu
