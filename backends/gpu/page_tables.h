/// The page tables: the requests' tiles are dealt to groups of warps.
#pragma once

#include "gpu/requests.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

/// A request's rows of req_to_token and of the page tables.
template <class N>
struct table_rows {
  const std::int32_t* source;
  N first, end;      ///< rows of the page tables
  N columns, pages;  ///< to be copied
};

/// What a request in `slot` has to be copied: nothing where the slot is no row of req_to_token. The rows' place is
/// left open.
template <class N>
NSAMETA_DEVICE table_rows<N> rows_of(const table_source<N>& source, const table_outputs<N>& set, N kv_len, N slot) {
  table_rows<N> rows{};
  rows.source = source.req_to_token;
  if (slot < 0 || slot >= source.slots) return rows;
  const output_table<N>&full = set.page_table_1, &paged = set.real_page_table;
  const N live = smaller(kv_len, source.width);
  rows.source = source.req_to_token + slot * source.stride;
  if (full.rows > 0) rows.columns = smaller(live, full.width);
  if (paged.rows > 0) rows.pages = smaller((live + (1 << source.page_shift) - 1) >> source.page_shift, paged.width);
  return rows;
}

/// Writes `value` into columns [first, end) of rows [row, end_row) of a table.
template <class N, thread_context T>
NSAMETA_DEVICE void fill_columns(T& self, const output_table<N>& table, N row, N end_row, N first, N end,
                                 std::int32_t value) {
  NSAMETA_UNROLL(1)
  for (; row < end_row; ++row)
    for (N i = first + lane_of(self); i < end; i += T::warp_width) table.data[row * table.stride + i] = value;
}

/// Writes columns [first, end) of a request, as many as a warp's lanes have under way, into all of its rows, and the
/// pages that begin there. Little code, because a short fill waits for its instructions.
template <class N, thread_context T>
NSAMETA_DEVICE void write_columns(T& self, const table_source<N>& source, const table_outputs<N>& set,
                                  const table_rows<N>& rows, N first, N end) {
  if (rows.first >= rows.end) return;  // no table has these rows
  const output_table<N>&full = set.page_table_1, &paged = set.real_page_table;
  std::int32_t value[lane_loads]{};
  NSAMETA_UNROLL(4)
  for (int k = 0; k < lane_loads; ++k)
    if (const N column = first + k * T::warp_width + lane_of(self); column < end) value[k] = rows.source[column];
  std::int32_t* full_to = full.data + rows.first * full.stride;
  std::int32_t* paged_to = paged.data + rows.first * paged.stride;
  NSAMETA_UNROLL(1)
  for (N row = rows.first; row < rows.end; ++row, full_to += full.stride, paged_to += paged.stride) {
    NSAMETA_UNROLL(4)
    for (int k = 0; k < lane_loads; ++k) {
      const N column = first + k * T::warp_width + lane_of(self), page = column >> source.page_shift;
      if (column >= end) continue;
      if (column < rows.columns && row < full.rows) full_to[column] = value[k];
      if (page << source.page_shift == column && page < rows.pages && row < paged.rows)
        paged_to[page] = value[k] >> source.page_shift;
    }
  }
}

/// Writes a tile of a request into all of its rows: columns, or pages where those are wanted alone, from `tile <<
/// shift` on.
template <bool has_tail, class N, thread_context T>
NSAMETA_DEVICE void write_tile(T& self, const table_source<N>& source, const table_outputs<N>& set,
                               const set_tails& tails, const table_rows<N>& rows, N tile, int shift) {
  const output_table<N>&full = set.page_table_1, &paged = set.real_page_table;
  const N full_rows = smaller(rows.end, full.rows) - rows.first;
  const N paged_rows = smaller(rows.end, paged.rows) - rows.first;
  const N begin = tile << shift, end = (tile + 1) << shift;
  if (full_rows > 0) {
    copy_tile(self, full.data + rows.first * full.stride, full.stride, full_rows, rows.source, tile, rows.columns,
              source.width);
    if (has_tail && tails.table_tail)
      fill_columns(self, full, rows.first, rows.first + full_rows, larger(rows.columns, begin),
                   smaller(end, full.width), tails.table_tail_value);
  }
  if (paged_rows <= 0) return;
  const int page_shift = full.rows > 0 ? source.page_shift : 0;  // of columns
  const N page = begin >> page_shift, end_page = end >> page_shift;
  copy_pages(self, paged.data + rows.first * paged.stride, paged.stride, paged_rows, rows.source, source.page_shift,
             page, smaller(end_page, rows.pages));
  if (has_tail && tails.table_tail)
    fill_columns(self, paged, rows.first, rows.first + paged_rows, larger(rows.pages, page),
                 smaller(end_page, paged.width), tails.table_tail_value);
}

/// How a group's requests are cut into tiles of 2^shift columns, or pages where those are wanted alone.
struct tile_cut {
  bool narrow;     ///< written by write_columns()
  int shift;       ///< log2 of a tile's columns
  int part_shift;  ///< log2 of the parts that a request's rows are cut into, a warp each
  int rows_shift;  ///< log2 of the rows of a part, where there is more than one
};

/// log2, rounded up; 0 for 0, and 31 for more than that.
NSAMETA_DEVICE int ceil_log2(std::int32_t number) { return number < 2 ? 0 : 32 - __builtin_clz(number - 1); }

/// Few columns are cut finely, so that all warps have some: the fewer a warp has, the sooner it ends. `reach`: columns
/// of the request in this lane; `rows`: that show it; `warps`: of the group.
template <class N, thread_context T>
NSAMETA_DEVICE tile_cut cut_tiles(T& self, N reach, N rows, int warps, bool pages_alone, bool tail) {
  const auto count = [&](int shift) {
    return static_cast<std::uint32_t>(smaller<N>((reach + (1 << shift) - 1) >> shift, 1 << 24));
  };
  const std::uint32_t small_tiles = self.sum(count(tuning::small_tile));
  const bool narrow = !tail && !pages_alone && small_tiles <= static_cast<unsigned>(warps) * tuning::narrow_tiles;
  tile_cut cut{narrow, tuning::small_tile, 0, 0};
  if (tail || small_tiles > static_cast<unsigned>(warps))
    cut.shift = narrow        ? tuning::large_tile
                : pages_alone ? log2_of(tile_pages<T::warp_width>)
                              : log2_of(tile_columns<T::warp_width>);
  if (narrow) {
    const int parts = ceil_log2(static_cast<std::int32_t>(smaller(rows, N{2 * warps})));  // more are too many
    if (self.sum(count(cut.shift) << parts) <= static_cast<unsigned>(warps)) cut.part_shift = parts;
  } else if constexpr (is_general<N>) {
    cut.rows_shift = tuning::part_rows_shift;
    cut.part_shift = ceil_log2(clipped<std::int32_t>((rows + (1 << cut.rows_shift) - 1) >> cut.rows_shift));
  }
  return cut;
}

/// A group of requests has some blocks to itself. Each of its warps has all of them in its lanes, and takes tiles of
/// theirs in turns: neighbouring tiles at a time, which memory likes best, and as even as their lengths add up.
/// `block`: the block's index among those of the tables.
template <bool has_tail, class N, class T>
NSAMETA_DEVICE void write_tables(const block_work<N, T>& at, int block, const table_source<N>& source,
                                 const table_outputs<N>& set, const set_tails& tails) {
  T& self = at.self;
  const request_batch<N>& batch = at.batch;
  const rule_for<N>& rule = at.rule;
  constexpr int block_warps = tuning::block_threads / T::warp_width;
  const bool dealt = rule.dealt;
  const N first = N{block >> source.blocks_shift} * tuning::table_group, index = first + lane_of(self);
  const bool has_request = lane_of(self) < tuning::table_group && index < batch.requests;
  const bool counts_rows = dealt || (batch.uniform_rows < 0 && !source.row_a_request);
  if (batch.requests == 0) return;  // a warm-up
  const N present = smaller(index, N{batch.requests} - 1);
  const raw_integer raw_slot = load_raw(source.req_pool_indices, present);
  const raw_lengths raw = load_lengths(batch, present);
  row_sums<N> earlier{};
  N tokens = 0;  // before the group, where a q shard is on
  if (counts_rows && first > 0) [[unlikely]] {
    constexpr int loads = has_tail ? loads_for<N> : tuning::short_loads;
    earlier = block_sum(self, at.shared.earlier, add_requests<row_sums<N>, loads>(at, first));
    if constexpr (is_general<N>) {
      self.barrier();
      tokens = count_tokens(at, first);
    }
  }
  basic_request<N> r{};
  if (has_request) r = request_of(at, index, raw);
  if constexpr (is_general<N>)
    if (dealt) {
      const auto lanes = scan_lanes(self, row_sums<N>{r.tokens, 0}, N{T::warp_width});
      rule.deal(r, tokens + lanes.before.rows);
    }
  const N slot = has_request ? value_of(source.req_pool_indices, raw_slot) : -1;
  const N table_rows_end = larger(set.page_table_1.rows, set.real_page_table.rows);
  N row_count = source.row_a_request ? 1 : r.rows;
  if constexpr (is_general<N>) row_count = smaller(row_count, table_rows_end);  // no parts for rows that nobody wants
  table_rows<N> rows{};
  if (r.rows > 0 || (has_request && source.row_a_request && !dealt))
    rows = rows_of<N>(source, set, smaller(r.kv_len, N{batch.limit}), slot);
  const bool tail = has_tail && tails.table_tail, pages_alone = set.page_table_1.rows == 0;
  const int page_shift = pages_alone ? 0 : source.page_shift;
  N reach = larger(rows.columns, rows.pages << page_shift);
  if (tail && rows.source != nullptr) reach = larger(set.page_table_1.width, set.real_page_table.width << page_shift);
  const int group_warps = block_warps << source.blocks_shift;
  const tile_cut cut = cut_tiles(self, reach, row_count, group_warps, pages_alone, tail);

  const N units = ((reach + (1 << cut.shift) - 1) >> cut.shift) << cut.part_shift;
  const std::uint64_t has_units = self.ballot(units > 0);
  tile_sums<N> own{};
  own.rows = r.rows;
  if constexpr (is_general<N>) own.kept = has_request && rule.keeps(r);
  own.tiles = units;
  const lane_sums<tile_sums<N>> lanes = scan_lanes(self, own, N{batch.requests});
  const tile_sums<N> before = lanes.before;
  const N number = dealt ? kept_of(before, N{0}) + kept_of(earlier, N{0}) : index;
  rows.first = source.row_a_request ? number
               : counts_rows        ? saturating_add(earlier.rows, before.rows)
                                    : saturating_product(index, N{batch.uniform_rows});
  rows.end = smaller(saturating_add(rows.first, row_count), table_rows_end);

  N all;
  if constexpr (is_general<N>)
    all = self.shuffle(lanes.through.tiles, smaller(batch.requests, T::warp_width) - 1);
  else
    all = static_cast<N>(self.sum(static_cast<std::uint32_t>(units)));  // does not wait for the scan
  const int group_block = block & ((1 << source.blocks_shift) - 1);
  for (N unit = group_block * block_warps + warp_of(self); unit < all; unit += group_warps) {
    const int lane = 63 - __builtin_clzll(self.ballot(before.tiles <= unit) & has_units);
    table_rows<N> theirs = self.shuffle(rows, lane);
    const int part_shift = self.shuffle(cut.part_shift, lane);
    const N place = unit - self.shuffle(before.tiles, lane), tile = place >> part_shift;
    if (part_shift > 0) {
      const N part = place & ((N{1} << part_shift) - 1);
      theirs.first = saturating_add(theirs.first, part << cut.rows_shift);
      theirs.end = smaller(theirs.end, saturating_add(theirs.first, N{1} << cut.rows_shift));
    }
    if (cut.narrow) [[likely]] {
      const N end = smaller(larger(theirs.columns, theirs.pages << page_shift), source.width);
      write_columns(self, source, set, theirs, tile << cut.shift, smaller((tile + 1) << cut.shift, end));
    } else {
      write_tile<has_tail>(self, source, set, tails, theirs, tile, cut.shift);
    }
  }
}

}  // namespace nsameta::gpu
