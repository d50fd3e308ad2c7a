/// The page tables of the short-rows kernels: the requests' tiles are dealt to groups of warps.
#pragma once

#include "gpu/short_batch.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

/// A request's rows of req_to_token and of the page tables.
struct table_rows {
  const std::int32_t* source;
  std::int32_t first, end;      ///< rows of the page tables
  std::int32_t columns, pages;  ///< to be copied
};

/// What a request in `slot` has to be copied: nothing where the slot is no row of req_to_token. The rows' place is left
/// open.
NSAMETA_DEVICE table_rows rows_of(const table_source& source, const short_tables& set, const int32_request& r,
                                  std::int32_t slot) {
  table_rows rows{};
  if (slot < 0 || slot >= source.slots || (!source.row_a_request && r.rows == 0)) return rows;
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  const std::int32_t live = smaller(r.kv_len, source.width);
  rows.source = source.req_to_token + slot * source.stride;
  if (full.rows > 0) rows.columns = smaller(live, full.width);
  if (paged.rows > 0) rows.pages = smaller((live + (1 << source.page_shift) - 1) >> source.page_shift, paged.width);
  return rows;
}

/// Writes `value` into columns [first, end) of `rows` rows of a table, from row `row` on.
template <thread_context T>
NSAMETA_DEVICE void fill_columns(T& self, const int32_table& table, std::int32_t row, std::int32_t end_row,
                                 std::int32_t first, std::int32_t end, std::int32_t value) {
  NSAMETA_UNROLL(1)
  for (; row < end_row; ++row)
    for (std::int32_t i = first + lane_of(self); i < end; i += T::warp_width)
      table.data[row * table.stride + i] = value;
}

/// Writes columns [first, end) of a request, as many as a warp's lanes have under way, into all of its rows, and the
/// pages that begin there. Little code, because a short fill waits for its instructions.
template <thread_context T>
NSAMETA_DEVICE void write_columns(T& self, const table_source& source, const short_tables& set, const table_rows& rows,
                                  std::int32_t first, std::int32_t end) {
  if (rows.first >= rows.end) return;  // no table has these rows
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  std::int32_t value[lane_loads]{};
  NSAMETA_UNROLL(4)
  for (int k = 0; k < lane_loads; ++k)
    if (const std::int32_t column = first + k * T::warp_width + lane_of(self); column < end)
      value[k] = rows.source[column];
  std::int32_t* full_to = full.data + rows.first * full.stride;
  std::int32_t* paged_to = paged.data + rows.first * paged.stride;
  NSAMETA_UNROLL(1)
  for (std::int32_t row = rows.first; row < rows.end; ++row, full_to += full.stride, paged_to += paged.stride) {
    NSAMETA_UNROLL(4)
    for (int k = 0; k < lane_loads; ++k) {
      const std::int32_t column = first + k * T::warp_width + lane_of(self), page = column >> source.page_shift;
      if (column >= end) continue;
      if (column < rows.columns && row < full.rows) full_to[column] = value[k];
      if (page << source.page_shift == column && page < rows.pages && row < paged.rows)
        paged_to[page] = value[k] >> source.page_shift;
    }
  }
}

/// Writes a tile of a request into all of its rows: columns, or pages where those are wanted alone, from `tile <<
/// shift` on.
template <bool has_tail, thread_context T>
NSAMETA_DEVICE void write_tile(T& self, const table_source& source, const short_set& set, const padding& pad,
                               const table_rows& rows, std::int32_t tile, int shift) {
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  const std::int32_t full_rows = smaller(rows.end, full.rows) - rows.first;
  const std::int32_t paged_rows = smaller(rows.end, paged.rows) - rows.first;
  const std::int32_t begin = tile << shift, end = (tile + 1) << shift;
  if (full_rows > 0) {
    copy_tile(self, full.data + rows.first * full.stride, full.stride, full_rows, rows.source, tile, rows.columns,
              source.width);
    if (has_tail && pad.table_tail)
      fill_columns(self, full, rows.first, rows.first + full_rows, larger(rows.columns, begin),
                   smaller(end, full.width), pad.table_tail_value);
  }
  if (paged_rows <= 0) return;
  const int page_shift = full.rows > 0 ? source.page_shift : 0;  // of columns
  const std::int32_t page = begin >> page_shift, end_page = end >> page_shift;
  copy_pages(self, paged.data + rows.first * paged.stride, paged.stride, paged_rows, rows.source, source.page_shift,
             page, smaller(end_page, rows.pages));
  if (has_tail && pad.table_tail)
    fill_columns(self, paged, rows.first, rows.first + paged_rows, larger(rows.pages, page),
                 smaller(end_page, paged.width), pad.table_tail_value);
}

/// How a group's requests are cut into tiles of 2^shift columns, or pages where those are wanted alone.
struct tile_cut {
  bool narrow;    ///< written by write_columns()
  int shift;      ///< log2 of a tile's columns
  int row_shift;  ///< log2 of the warps that write a request's rows of a tile, one each
};

/// Few columns are cut finely, so that all warps have some: the fewer a warp has, the sooner it ends. `reach`: columns
/// of the request in this lane; `rows`: that show it; `warps`: of the group.
template <thread_context T>
NSAMETA_DEVICE tile_cut cut_tiles(T& self, std::int32_t reach, std::int32_t rows, std::uint32_t warps, bool pages_alone,
                                  bool tail) {
  const auto count = [&](int shift) { return static_cast<std::uint32_t>((reach + (1 << shift) - 1) >> shift); };
  const std::uint32_t small_tiles = self.sum(count(tuning::small_tile));
  const bool narrow = !tail && !pages_alone && small_tiles <= warps * tuning::narrow_tiles;
  tile_cut cut{narrow, tuning::small_tile, 0};
  if (tail || small_tiles > warps)
    cut.shift = narrow        ? tuning::large_tile
                : pages_alone ? log2_of(tile_pages<T::warp_width>)
                              : log2_of(tile_columns<T::warp_width>);
  if (!narrow) return cut;
  const std::uint32_t most = smaller(static_cast<std::uint32_t>(rows), 2 * warps);  // more are too many
  const int rows_log2 = most < 2 ? 0 : 31 - __builtin_clz(2 * most - 1);
  if (self.sum(count(cut.shift) << rows_log2) <= warps) cut.row_shift = rows_log2;
  return cut;
}

/// A group of requests has some blocks to itself. Each of its warps has all of them in its lanes, and takes tiles of
/// theirs in turns: neighbouring tiles at a time, which memory likes best, and as even as their lengths add up.
/// `block`: the block's index among those of the tables.
template <bool has_tail, thread_context T>
NSAMETA_DEVICE void write_tables(T& self, int block, const short_batch& batch, const table_source& source,
                                 const short_set& set, const padding& pad, short_memory& shared) {
  constexpr int block_warps = tuning::block_threads / T::warp_width;
  const std::int32_t first = (block >> source.blocks_shift) * tuning::table_group;
  const std::int32_t index = first + lane_of(self);
  const bool has_request = lane_of(self) < tuning::table_group && index < batch.requests;
  const bool counts_rows = batch.uniform_rows < 0 && !source.row_a_request;
  raw_integer raw_slot{};
  raw_lengths raw{};
  if (has_request) {
    raw_slot = load_raw(source.req_pool_indices, index);
    raw = load_lengths(batch, index);
  }
  row_sums earlier{};
  if (counts_rows && first > 0) [[unlikely]] {
    if constexpr (has_tail)
      earlier = add_many_requests<row_sums>(self, batch, set.kv, 0, first);
    else
      earlier = add_requests<row_sums>(self, batch, set.kv, 0, first);
    earlier = block_sum(self, earlier, shared);
  }
  int32_request r{};
  if (has_request) r = request_of(batch, set.kv, raw);
  const std::int32_t slot = has_request ? value_of(source.req_pool_indices, raw_slot) : -1;
  const std::int32_t row_count = source.row_a_request ? 1 : r.rows;
  table_rows rows = rows_of(source, set, r, slot);
  const bool tail = has_tail && pad.table_tail, pages_alone = set.page_table_1.rows == 0;
  const int page_shift = pages_alone ? 0 : source.page_shift;
  std::int32_t reach = larger(rows.columns, rows.pages << page_shift);
  if (tail && rows.source != nullptr) reach = larger(set.page_table_1.width, set.real_page_table.width << page_shift);
  const std::int32_t group_warps = block_warps << source.blocks_shift;
  const tile_cut cut = cut_tiles(self, reach, row_count, static_cast<std::uint32_t>(group_warps), pages_alone, tail);

  const std::int32_t units = ((reach + (1 << cut.shift) - 1) >> cut.shift) << cut.row_shift;
  const std::uint64_t has_units = self.ballot(units > 0);
  const tile_sums before = scan_lanes(self, tile_sums{r.rows, units}, batch.requests).before;
  rows.first = source.row_a_request ? index
               : counts_rows        ? saturating_add(earlier.tokens, before.tokens)
                                    : saturating_product(index, batch.uniform_rows);
  rows.end = smaller(saturating_add(rows.first, row_count), larger(set.page_table_1.rows, set.real_page_table.rows));

  const auto all = static_cast<std::int32_t>(self.sum(static_cast<std::uint32_t>(units)));
  const std::int32_t group_block = block & ((1 << source.blocks_shift) - 1);
  for (std::int32_t unit = group_block * block_warps + warp_of(self); unit < all; unit += group_warps) {
    const int at = 63 - __builtin_clzll(self.ballot(before.tiles <= unit) & has_units);
    table_rows theirs = self.shuffle(rows, at);
    const int row_shift = self.shuffle(cut.row_shift, at);
    const std::int32_t number = unit - self.shuffle(before.tiles, at), tile = number >> row_shift;
    if (row_shift > 0) {
      theirs.first = saturating_add(theirs.first, number & ((1 << row_shift) - 1));
      theirs.end = smaller(theirs.end, saturating_add(theirs.first, 1));
    }
    if (cut.narrow) [[likely]] {
      const std::int32_t end = smaller(larger(theirs.columns, theirs.pages << page_shift), source.width);
      write_columns(self, source, set, theirs, tile << cut.shift, smaller((tile + 1) << cut.shift, end));
    } else {
      write_tile<has_tail>(self, source, set, pad, theirs, tile, cut.shift);
    }
  }
}

}  // namespace nsameta::gpu
