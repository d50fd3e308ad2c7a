/// Page-table work cut into units of even size, so that it can be dealt by live tiles and never by the table's width.
#pragma once

#include "common/request.h"

namespace nsameta {

/// A unit is a tile of columns in a few of the rows that show the same request: read once, written that many times.
inline constexpr std::int64_t table_copies = 8;  ///< rows of one request

/// Floor of log2 of a number below 2^16.
NSAMETA_HOST_DEVICE constexpr int log2_of(std::int32_t number) {
  int log2 = 0;
  for (int bit = 8; bit > 0; bit /= 2)
    if (number >> log2 >> bit > 0) log2 += bit;
  return log2;
}

NSAMETA_HOST_DEVICE std::int64_t slot_of(const nsameta_problem& problem, std::int64_t index) {
  const nsameta_strided& slots = problem.req_pool_indices;
  return load(slots.data, slots.dtype == NSAMETA_INT64, index * slots.stride);
}

/// Rows of the larger of the wanted tables. Work on rows from there on has nowhere to go.
NSAMETA_HOST_DEVICE std::int64_t table_row_limit(const nsameta_outputs& out) {
  const std::int64_t full = out.page_table_1.data == nullptr ? 0 : out.page_table_1.rows;
  const std::int64_t paged = out.real_page_table.data == nullptr ? 0 : out.real_page_table.rows;
  return full > paged ? full : paged;
}

/// How far a request's page-table rows reach. "Columns" are positions of req_to_token.
struct table_extent {
  std::int64_t live;     ///< columns that show the request
  std::int64_t columns;  ///< columns to be written, in page_table_1
  std::int64_t pages;    ///< pages to be written, in real_page_table
  std::int64_t rows;     ///< rows that show the request
  std::int64_t held;     ///< those of them that a table can hold, wherever the request begins
  int tile_shift;        ///< log2 of the columns of a unit
  std::int64_t tiles;
  bool exceeded;         ///< the request is longer than req_to_token or a table is wide

  /// `tile`: columns of a unit, or pages when only real_page_table is wanted; a power of two.
  NSAMETA_HOST_DEVICE table_extent(const nsameta_problem& problem, const nsameta_outputs& out, const request& r,
                                   int tile) {
    const nsameta_table& full = out.page_table_1;
    const nsameta_table& paged = out.real_page_table;
    const int page_shift = log2_of(problem.page_size);
    const std::int64_t width = problem.req_to_token.width;
    const bool tail = out.table_tail != NSAMETA_TAIL_KEEP;
    live = r.kv_len < width ? r.kv_len : width;
    columns = full.data == nullptr ? 0 : tail || live > full.width ? full.width : live;
    const std::int64_t live_pages = (live + problem.page_size - 1) >> page_shift;
    exceeded = r.kv_len > width || (full.data != nullptr && live > full.width) ||
               (paged.data != nullptr && live_pages > paged.width);
    pages = paged.data == nullptr ? 0 : tail || live_pages > paged.width ? paged.width : live_pages;
    rows = problem.mode == NSAMETA_EXTEND ? 1 : r.rows;
    const std::int64_t most = table_row_limit(out);
    held = rows < most ? rows : most;
    tile_shift = log2_of(tile) + (full.data == nullptr ? page_shift : 0);
    const std::int64_t paged_columns = pages << page_shift;
    const std::int64_t reach = columns > paged_columns ? columns : paged_columns;
    tiles = held == 0 ? 0 : (reach + (std::int64_t{1} << tile_shift) - 1) >> tile_shift;
  }

  /// Units of work; none when the request's slot is no row of req_to_token.
  NSAMETA_HOST_DEVICE std::int64_t units(const nsameta_problem& problem, std::int64_t index) const {
    return has_slot(problem, index) ? tiles * ((held + table_copies - 1) / table_copies) : 0;
  }

  NSAMETA_HOST_DEVICE std::uint32_t bits(const nsameta_problem& problem, std::int64_t index) const {
    if (rows == 0) return 0;
    std::uint32_t raised = exceeded ? NSAMETA_BIT_CONTEXT_EXCEEDED : 0;
    if (!has_slot(problem, index)) raised |= NSAMETA_BIT_BAD_SLOT;
    return raised;
  }

  static NSAMETA_HOST_DEVICE bool has_slot(const nsameta_problem& problem, std::int64_t index) {
    const std::int64_t slot = slot_of(problem, index);
    return slot >= 0 && slot < problem.req_to_token.slots;
  }
};

/// One unit of work.
struct table_unit {
  const std::int32_t* source;    ///< the request's row of req_to_token
  std::int64_t row, end_row;     ///< rows of the page tables, not yet cut to what they hold
  std::int64_t begin, end;       ///< columns; `begin` is a multiple of the page size
};

/// Unit `number` of the request at `index`, whose first row in the tables is `first_row`. No rows if the request has no
/// such unit: the caller may have changed the lengths or slots since they were added up.
NSAMETA_HOST_DEVICE table_unit cut_table_unit(const nsameta_problem& problem, const table_extent& extent,
                                              std::int64_t index, std::int64_t first_row, std::int64_t number) {
  const nsameta_token_table& slots = problem.req_to_token;
  const std::int64_t slot = slot_of(problem, index);
  if (slot < 0 || slot >= slots.slots || extent.tiles == 0 || number < 0) return {};
  // A division costs a GPU a hundred instructions, and most requests have few rows.
  const std::int64_t copy = number < extent.tiles ? 0 : number / extent.tiles;
  const std::int64_t tile = number - copy * extent.tiles;
  const std::int64_t row = copy * table_copies;
  const std::int64_t last = row + table_copies < extent.held ? row + table_copies : extent.held;
  return {slots.data + slot * slots.row_stride, first_row + row, first_row + last,
          tile << extent.tile_shift, (tile + 1) << extent.tile_shift};
}

}  // namespace nsameta
