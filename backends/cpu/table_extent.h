/// Page-table work cut into units of even size, so that it can be dealt by live tiles and never by the table's width.
#pragma once

#include "cpu/request.h"

namespace nsameta::cpu {

/// A unit is a tile of columns in a few of the rows that show the same request: read once, written that many times.
inline constexpr std::int64_t table_copies = 8;  ///< rows of one request

/// The request's row of req_to_token; null where its slot is none.
inline const std::int32_t* source_of(const nsameta_problem& problem, std::int64_t index) {
  const nsameta_strided& slots = problem.req_pool_indices;
  const nsameta_token_table& table = problem.req_to_token;
  const std::int64_t slot = load(slots.data, slots.dtype == NSAMETA_INT64, index * slots.stride);
  return slot >= 0 && slot < table.slots ? table.data + slot * table.row_stride : nullptr;
}

/// What all requests of a fill have in common here, worked out once: a request then costs a few comparisons.
struct table_shape {
  bool has_full, has_paged;  ///< which tables are wanted
  std::int64_t limit;        ///< positions of a request at most
  std::int64_t longest;      ///< of those, columns of req_to_token
  std::int64_t full_width;   ///< columns of page_table_1
  std::int64_t paged_width;  ///< pages of real_page_table
  std::int64_t row_limit;    ///< rows of the larger table: work from there on has nowhere to go
  std::int32_t page_size;    ///< positions
  int page_shift;            ///< log2 of the positions of a page
  int tile_shift;            ///< log2 of the columns of a unit
  bool has_tail;             ///< rows are written to their end
  bool shows_request_once;   ///< one row a request, whatever its tokens

  table_shape() {}  // unwritten where nobody reads it
  /// `tile`: columns of a unit, or pages when only real_page_table is wanted; a power of two.
  table_shape(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t limit, int tile)
      : has_full(present(out.page_table_1)),
        has_paged(present(out.real_page_table)),
        limit(limit),
        longest(smaller(limit, problem.req_to_token.width)),
        full_width(out.page_table_1.width),
        paged_width(out.real_page_table.width),
        row_limit(larger(has_full ? out.page_table_1.rows : 0, has_paged ? out.real_page_table.rows : 0)),
        page_size(problem.page_size),
        page_shift(log2_of(problem.page_size)),
        tile_shift(log2_of(tile) + (has_full ? 0 : page_shift)),
        has_tail(out.table_tail != NSAMETA_TAIL_KEEP),
        shows_request_once(!row_of(problem.mode).table_row_a_row) {}

  std::int64_t pages_of(std::int64_t positions) const { return (positions + page_size - 1) >> page_shift; }
};

/// How far a request's page-table rows reach. "Columns" are positions of req_to_token.
struct table_extent {
  const std::int32_t* source;  ///< the request's row of req_to_token; null: none
  std::int64_t shown;          ///< columns of its length, with or without a source
  std::int64_t live;           ///< columns that show the request
  std::int64_t columns;        ///< columns to be written, in page_table_1
  std::int64_t pages;          ///< pages to be written, in real_page_table
  std::int64_t rows;           ///< rows that show the request
  std::int64_t held;           ///< those of them that a table can hold, wherever the request begins
  std::int64_t tiles;          ///< units that one row has

  table_extent(const nsameta_problem& problem, const table_shape& shape, const request& r, std::int64_t index) {
    source = r.is_padding ? nullptr : source_of(problem, index);
    shown = smaller(r.kv_len, shape.longest);
    live = source == nullptr ? 0 : shown;
    const std::int64_t live_pages = shape.pages_of(live);
    columns = !shape.has_full ? 0 : shape.has_tail || live > shape.full_width ? shape.full_width : live;
    pages = !shape.has_paged ? 0 : shape.has_tail || live_pages > shape.paged_width ? shape.paged_width : live_pages;
    rows = shape.shows_request_once ? 1 : r.rows;
    held = rows < shape.row_limit ? rows : shape.row_limit;
    const std::int64_t paged_columns = pages << shape.page_shift;
    const std::int64_t reach = columns > paged_columns ? columns : paged_columns;
    tiles = held == 0 ? 0 : (reach + (std::int64_t{1} << shape.tile_shift) - 1) >> shape.tile_shift;
  }

  /// Units of work.
  std::int64_t units() const { return saturating_product(tiles, (held + table_copies - 1) / table_copies); }

  /// nsameta_status_bit that the request raises.
  std::uint32_t bits(const table_shape& shape, const request& r) const {
    if (rows == 0 || r.is_padding) return 0;
    std::uint32_t raised = source == nullptr ? NSAMETA_BIT_BAD_SLOT : 0;
    if (smaller(r.kv_len, shape.limit) > shown || (shape.has_full && shown > shape.full_width) ||
        (shape.has_paged && shape.pages_of(shown) > shape.paged_width))
      raised |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return raised;
  }
};

}  // namespace nsameta::cpu
