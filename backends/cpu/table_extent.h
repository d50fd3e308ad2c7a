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

/// Columns of a table that a request has to be shown in, at most.
struct table_width {
  bool wanted;
  std::int64_t columns;

  table_width() {}  // unwritten, as all of table_shape may be
  explicit table_width(const nsameta_table& table) : wanted(present(table)), columns(table.width) {}
  std::int64_t cut(std::int64_t live) const { return !wanted ? 0 : smaller(live, columns); }
  bool lacks(std::int64_t live) const { return wanted && live > columns; }
};

/// What all requests of a fill have in common here, worked out once: a request then costs a few comparisons.
struct table_shape {
  table_width full, paged, local;  ///< page_table_1, real_page_table, local_page_table_1
  std::int64_t limit;              ///< positions of a request at most
  std::int64_t longest;            ///< of those, columns of req_to_token
  std::int64_t row_limit;          ///< rows of the largest table: work from there on has nowhere to go
  std::int64_t tail_width;         ///< columns of the widest table where rows are written to their end; else 0
  small_divisor page;              ///< positions of a page
  kv_shard_rule kv_shard;          ///< whose positions the local table shows
  int tile_shift;                  ///< log2 of the columns of a unit
  bool shows_request_once;         ///< one row a request, whatever its tokens

  table_shape() {}  // unwritten where nobody reads it
  /// `tile`: columns of a unit, or pages when only real_page_table is wanted; a power of two.
  table_shape(const nsameta_problem& problem, const nsameta_outputs& out, std::int64_t limit, int tile)
      : full(out.page_table_1),
        paged(out.real_page_table),
        local(out.local_page_table_1),
        limit(limit),
        longest(smaller(limit, problem.req_to_token.width)),
        row_limit(0),
        tail_width(0),
        page(small_divisor::of(problem.page_size)),
        kv_shard(local.wanted ? kv_shard_rule::of(problem.kv_shard) : kv_shard_rule{}),
        tile_shift(log2_of(tile) + (full.wanted || local.wanted ? 0 : page.shift)),
        shows_request_once(!row_of(problem.mode).table_row_a_row) {
    for (const table_field& field : table_fields) {
      const nsameta_table& table = out.*field.member;
      if (!present(table) || table.rows == 0) continue;
      row_limit = larger(row_limit, table.rows);
      if (out.table_tail != NSAMETA_TAIL_KEEP) tail_width = larger(tail_width, table.width);
    }
  }

  /// Pages that begin within the first `positions`.
  std::int64_t pages_of(std::int64_t positions) const {
    return positions > 0 ? page.quotient(static_cast<std::int32_t>(positions - 1)) + 1 : 0;
  }
};

/// How far a request's page-table rows reach. "Columns" are positions of req_to_token.
struct table_extent {
  const std::int32_t* source;  ///< the request's row of req_to_token; null: none
  std::int64_t shown;          ///< columns of its length, with or without a source
  std::int64_t live;           ///< columns that show the request
  std::int64_t pages;          ///< of real_page_table that show it
  std::int64_t rows;           ///< rows that show the request
  std::int64_t held;           ///< those of them that a table can hold, wherever the request begins
  std::int64_t tiles;          ///< units that one row has

  table_extent(const nsameta_problem& problem, const table_shape& shape, const request& r, std::int64_t index) {
    source = r.is_padding ? nullptr : source_of(problem, index);
    shown = smaller(r.kv_len, shape.longest);
    live = source == nullptr ? 0 : shown;
    rows = shape.shows_request_once ? 1 : r.rows;
    held = rows < shape.row_limit ? rows : shape.row_limit;
    pages = shape.paged.wanted ? shape.paged.cut(shape.pages_of(live)) : 0;
    std::int64_t reach = larger(larger(shape.full.cut(live), (pages - 1) * shape.page.value + 1), shape.tail_width);
    if (shape.local.wanted) reach = larger(reach, live);
    tiles = held == 0 ? 0 : (reach + (std::int64_t{1} << shape.tile_shift) - 1) >> shape.tile_shift;
  }

  /// Units of work.
  std::int64_t units() const {
    return held <= table_copies ? tiles : saturating_product(tiles, (held + table_copies - 1) / table_copies);
  }

  /// nsameta_status_bit that the request raises.
  std::uint32_t bits(const table_shape& shape, const request& r) const {
    if (rows == 0 || r.is_padding) return 0;
    std::uint32_t raised = source == nullptr ? NSAMETA_BIT_BAD_SLOT : 0;
    if (smaller(r.kv_len, shape.limit) > shown || shape.full.lacks(shown) || shape.paged.lacks(shape.pages_of(shown)) ||
        (shape.local.wanted && shape.local.lacks(shape.kv_shard(shown))))
      raised |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return raised;
  }
};

}  // namespace nsameta::cpu
