/// The page tables: the requests' tiles are dealt to groups of warps.
#pragma once

#include "gpu/requests.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

/// Columns of a request to be copied into local_page_table_1, which int64 alone serves.
template <class N>
struct general_columns {};
template <>
struct general_columns<std::int64_t> {
  std::int64_t locals;
};

/// A request's rows of req_to_token and of the page tables.
template <class N>
struct table_rows : general_columns<N> {
  const std::int32_t* source;
  N first, end;      ///< rows of the page tables
  N columns, pages;  ///< to be copied
};

/// The positions of a rank of the kv shard.
struct local_positions {
  const kv_shard_rule& shard;
  NSAMETA_DEVICE std::int64_t column(std::int64_t own) const { return shard.position(own); }
  NSAMETA_DEVICE std::int32_t shown(std::int32_t kv_slot) const { return shard.ranks.floor(kv_slot); }
};

/// What a request in `slot` has to be copied: nothing where the slot is no row of req_to_token. The rows' place is
/// left open.
template <class N, class Rule>
NSAMETA_DEVICE table_rows<N> rows_of(const table_source<N>& source, const table_outputs<N>& set, const Rule& rule,
                                     N kv_len, N slot) {
  table_rows<N> rows{};
  rows.source = source.req_to_token;
  if (slot < 0 || slot >= source.slots) return rows;
  const output_table<N>&full = set.page_table_1, &paged = set.real_page_table;
  const N live = smaller(kv_len, source.width);
  rows.source = source.req_to_token + slot * source.stride;
  if (full.rows > 0) rows.columns = smaller(live, full.width);
  if (paged.rows > 0) rows.pages = smaller(source.page.pages(live), paged.width);
  if constexpr (is_general<N>)
    if (const output_table<N>& local = set.local_page_table_1; local.rows > 0)
      rows.locals = smaller(rule.fixed.kv_shard(live), local.width);
  return rows;
}

/// Columns of req_to_token up to the last that the tables show.
template <class N, class Rule>
NSAMETA_DEVICE N reach_of(const table_source<N>& source, const Rule& rule, const table_rows<N>& rows) {
  N reach = larger(rows.columns, source.page.column(rows.pages - 1) + 1);
  if constexpr (is_general<N>)
    if (rows.locals > 0) reach = larger(reach, rule.fixed.kv_shard.position(rows.locals - 1) + 1);
  return reach;
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
      const N column = first + k * T::warp_width + lane_of(self), page = source.page.page_at(column);
      if (column >= end) continue;
      if (column < rows.columns && row < full.rows) full_to[column] = value[k];
      if (source.page.column(page) == column && page < rows.pages && row < paged.rows)
        paged_to[page] = source.page.shown(value[k]);
    }
  }
}

/// Writes a tile of a request into all of its rows: what the tables show of columns, or of pages where those are wanted
/// alone, from `tile << shift` on, and as many of their columns beyond the request.
template <bool has_tail, class N, thread_context T, class Rule>
NSAMETA_DEVICE void write_tile(T& self, const table_source<N>& source, const table_outputs<N>& set,
                               const set_tails& tails, const Rule& rule, const table_rows<N>& rows, N tile, int shift,
                               bool pages_alone) {
  const N begin = tile << shift, end = (tile + 1) << shift;
  const auto write = [&](const output_table<N>& table, N live, const auto& copy) {
    const N held = smaller(rows.end, table.rows) - rows.first;
    if (held <= 0) return;
    copy(table.data + rows.first * table.stride, held);
    if (has_tail && tails.table_tail)
      fill_columns(self, table, rows.first, rows.first + held, larger(live, begin), smaller(end, table.width),
                   tails.table_tail_value);
  };
  const output_table<N>&full = set.page_table_1, &paged = set.real_page_table;
  write(full, rows.columns, [&](std::int32_t* to, N held) {
    copy_tile(self, to, full.stride, held, rows.source, tile, rows.columns, source.width);
  });
  write(paged, rows.pages, [&](std::int32_t* to, N held) {
    const N first = pages_alone ? begin : source.page.pages(begin), last = pages_alone ? end : source.page.pages(end);
    copy_chosen(self, to, paged.stride, held, rows.source, source.page, first, smaller(last, rows.pages));
  });
  if constexpr (is_general<N>) {
    const output_table<N>& local = set.local_page_table_1;
    const kv_shard_rule& shard = rule.fixed.kv_shard;
    write(local, rows.locals, [&](std::int32_t* to, N held) {
      copy_chosen(self, to, local.stride, held, rows.source, local_positions{shard}, shard(begin),
                  smaller(shard(end), rows.locals));
    });
  }
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
NSAMETA_DEVICE tile_cut cut_tiles(T& self, N reach, N rows, int warps, bool pages_alone, bool has_local, bool tail) {
  const auto count = [&](int shift) {
    return static_cast<std::uint32_t>(smaller<N>((reach + (1 << shift) - 1) >> shift, 1 << 24));
  };
  const std::uint32_t small_tiles = self.sum(count(tuning::small_tile));
  const bool narrow =
      !tail && !pages_alone && !has_local && small_tiles <= static_cast<unsigned>(warps) * tuning::narrow_tiles;
  tile_cut cut{narrow, tuning::small_tile, 0, 0};
  if (tail || has_local || small_tiles > static_cast<unsigned>(warps))
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
template <bool has_tail, class N, class T, class Rule>
NSAMETA_DEVICE void write_tables(const block_work<N, T, Rule>& at, int block, const table_source<N>& source,
                                 const table_outputs<N>& set, const set_tails& tails) {
  T& self = at.self;
  const request_batch<N>& batch = at.batch;
  const Rule& rule = at.rule;
  constexpr int block_warps = tuning::block_threads / T::warp_width;
  const bool dealt = rule.dealt;
  const N first = N{block >> source.blocks_shift} * tuning::table_group, index = first + lane_of(self);
  const bool has_request = lane_of(self) < tuning::table_group && index < batch.requests;
  const bool counts_rows = dealt || (batch.uniform_rows < 0 && !source.row_a_request);
  if (batch.requests == 0) return;  // a warm-up
  const N present = smaller(index, N{batch.requests} - 1);
  const raw_integer raw_slot = load_raw(source.req_pool_indices, present);
  const raw_lengths raw = load_lengths(at, present);
  row_sums<N> earlier{};
  N tokens = 0;  // before the group, where a q shard is on
  if (counts_rows && (first > 0 || rule.part > 0)) [[unlikely]] {
    constexpr int loads = has_tail ? loads_for<N> : tuning::short_loads;
    earlier = block_sum(self, at.shared.earlier, add_earlier<row_sums<N>, loads>(at, first));
    if constexpr (Rule::deals) {
      self.barrier();
      tokens = count_tokens(at, first);
    }
  }
  basic_request<N> r{};
  if (has_request) r = request_of(at, index, raw);
  if constexpr (Rule::deals)
    if (dealt) {
      const auto lanes = scan_lanes(self, row_sums<N>{r.tokens, 0, 0}, N{T::warp_width});
      rule.deal(r, tokens + lanes.before.rows);
    }
  const N slot = has_request ? value_of(source.req_pool_indices, raw_slot) : -1;
  N table_rows_end = 0, widest = 0;
  for_each_table(set, [&](const output_table<N>& table, table_member) {
    table_rows_end = larger(table_rows_end, table.rows);
    if (table.rows > 0) widest = larger(widest, table.width);
  });
  N row_count = source.row_a_request ? 1 : r.rows;
  if constexpr (is_general<N>) row_count = smaller(row_count, table_rows_end);  // no parts for rows that nobody wants
  table_rows<N> rows{};
  N kv_len = smaller(r.kv_len, N{batch.limit});
  if constexpr (Rule::adjusts_lengths) kv_len = r.is_padding ? 0 : kv_len;
  if (r.rows > 0 || (has_request && source.row_a_request && !dealt)) rows = rows_of<N>(source, set, rule, kv_len, slot);
  const bool tail = has_tail && tails.table_tail;
  bool has_local = false;
  if constexpr (is_general<N>) has_local = set.local_page_table_1.rows > 0;
  const bool pages_alone = set.page_table_1.rows == 0 && !has_local;
  N reach = pages_alone ? rows.pages : reach_of(source, rule, rows);
  if (tail && rows.source != nullptr) reach = larger(reach, widest);
  const int group_warps = block_warps << source.blocks_shift;
  const tile_cut cut = cut_tiles(self, reach, row_count, group_warps, pages_alone, has_local, tail);

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
      write_columns(self, source, set, theirs, tile << cut.shift,
                    smaller((tile + 1) << cut.shift, reach_of(source, rule, theirs)));
    } else {
      write_tile<has_tail>(self, source, set, tails, rule, theirs, tile, cut.shift, pages_alone);
    }
  }
}

}  // namespace nsameta::gpu
