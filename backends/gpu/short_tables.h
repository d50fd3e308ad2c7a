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

/// Tiles of a request in `rows` rows, of which there are none where its slot is no row of req_to_token. The rows' place
/// is left open. `tail`: whether what lies beyond the request's columns is written too.
template <int warp_width>
NSAMETA_DEVICE std::int32_t cut_tiles(const table_source& source, const short_set& set, bool tail,
                                      const int32_request& r, std::int32_t slot, table_rows& to) {
  to = {};
  if (slot < 0 || slot >= source.slots || (!source.row_a_request && r.rows == 0)) return 0;
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  const std::int32_t live = smaller(r.kv_len, source.width);
  to.source = source.req_to_token + slot * source.stride;
  to.columns = full.rows > 0 ? smaller(live, full.width) : 0;
  to.pages = paged.rows > 0 ? smaller((live + (1 << source.page_shift) - 1) >> source.page_shift, paged.width) : 0;
  const std::int32_t columns = tail && full.rows > 0 ? full.width : to.columns;
  const std::int32_t pages = tail && paged.rows > 0 ? paged.width : to.pages;
  const std::int32_t full_tiles = (columns + tile_columns<warp_width> - 1) / tile_columns<warp_width>;
  const std::int32_t paged_tiles =
      full.rows > 0 ? ((pages << source.page_shift) + tile_columns<warp_width> - 1) / tile_columns<warp_width>
                    : (pages + tile_pages<warp_width> - 1) / tile_pages<warp_width>;
  return larger(full_tiles, paged_tiles);
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

/// Writes tile `tile` of a request into all of its rows.
template <bool has_tail, thread_context T>
NSAMETA_DEVICE void write_tile(T& self, const table_source& source, const short_set& set, const padding& pad,
                               const table_rows& rows, std::int32_t tile) {
  constexpr int columns = tile_columns<T::warp_width>;
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  const std::int32_t full_end = smaller(rows.end, full.rows), paged_end = smaller(rows.end, paged.rows);
  for (std::int32_t row = rows.first; row < full_end; ++row)
    copy_tile(self, full.data + row * full.stride, rows.source, tile, rows.columns, source.width);
  if (has_tail && pad.table_tail)
    fill_columns(self, full, rows.first, full_end, larger(rows.columns, tile * columns),
                 smaller((tile + 1) * columns, full.width), pad.table_tail_value);
  if (paged_end <= rows.first) return;
  const bool paged_alone = full.rows == 0;
  const std::int32_t first = paged_alone ? tile * tile_pages<T::warp_width> : tile * columns >> source.page_shift;
  const std::int32_t length = paged_alone ? tile_pages<T::warp_width> : columns >> source.page_shift;
  copy_pages(self, paged.data + rows.first * paged.stride, paged.stride, paged_end - rows.first, rows.source,
             source.page_shift, first, smaller(first + length, rows.pages));
  if (has_tail && pad.table_tail)
    fill_columns(self, paged, rows.first, paged_end, larger(rows.pages, first), smaller(first + length, paged.width),
                 pad.table_tail_value);
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
  int32_sums earlier{};
  if (counts_rows) [[unlikely]] {
    if constexpr (has_tail)
      earlier = add_many_requests<row_sums>(self, batch, set.kv, 0, first);
    else
      earlier = add_requests<row_sums>(self, batch, set.kv, 0, first);
  }
  int32_request r{};
  if (has_request) r = request_of(batch, set.kv, raw);
  const std::int32_t slot = has_request ? value_of(source.req_pool_indices, raw_slot) : -1;
  table_rows rows;
  const std::int32_t tiles = cut_tiles<T::warp_width>(source, set, has_tail && pad.table_tail, r, slot, rows);
  int32_sums own{};
  own.tokens = r.rows;
  own.table_units = tiles;
  lane_sums sums;
  if (!counts_rows) [[likely]] {
    sums = scan_lanes<tile_sums>(self, own);
    rows.first = source.row_a_request ? index : saturating_product(index, batch.uniform_rows);
  } else {  // both scans at once
    sums = scan_lanes<row_and_tile_sums>(self, own);
    const int32_sums before = exclusive_prefix<row_sums>(self, {first, 1, 0}, earlier, {}, shared);
    rows.first = saturating_add(before.tokens, sums.before.tokens);
  }
  rows.end = saturating_add(rows.first, source.row_a_request ? 1 : r.rows);
  const std::int32_t all = self.shuffle(sums.through.table_units, T::warp_width - 1);

  const std::int32_t group_block = block & ((1 << source.blocks_shift) - 1);
  const std::int32_t group_warps = block_warps << source.blocks_shift;
  for (std::int32_t unit = group_block * block_warps + warp_of(self); unit < all; unit += group_warps) {
    const int at = 63 - __builtin_clzll(self.ballot(sums.before.table_units <= unit && tiles > 0));
    write_tile<has_tail>(self, source, set, pad, self.shuffle(rows, at),
                         unit - self.shuffle(sums.before.table_units, at));
  }
}

}  // namespace nsameta::gpu
