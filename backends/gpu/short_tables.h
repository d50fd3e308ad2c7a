/// The page tables of the short-rows kernels: the requests' tiles are dealt to groups of warps.
#pragma once

#include "gpu/short_batch.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

/// A request's rows of req_to_token and of the page tables.
struct table_rows {
  const std::int32_t* source;
  std::int32_t first, end;      ///< rows of the page tables
  std::int32_t columns, pages;  ///< to be written
  std::int32_t tiles;           ///< 0: nothing
};

template <int warp_width>
NSAMETA_DEVICE table_rows rows_of(const short_tables& plan, const int32_request& r, std::int32_t slot,
                                  std::int32_t first) {
  table_rows to{};
  if (slot < 0 || slot >= plan.slots) return to;
  const std::int32_t live = smaller(r.kv_len, plan.width);
  to.source = plan.req_to_token + slot * plan.source_stride;
  to.first = first;
  to.end = saturating_add(first, plan.row_a_request ? 1 : r.rows);
  to.columns = plan.page_table_1.rows > first ? smaller(live, plan.page_table_1.width) : 0;
  to.pages = plan.real_page_table.rows > first
                 ? smaller((live + (1 << plan.page_shift) - 1) >> plan.page_shift, plan.real_page_table.width)
                 : 0;
  const std::int32_t full_tiles = (to.columns + tile_columns<warp_width> - 1) / tile_columns<warp_width>;
  const std::int32_t paged_tiles =
      plan.page_table_1.rows > 0
          ? ((to.pages << plan.page_shift) + tile_columns<warp_width> - 1) / tile_columns<warp_width>
          : (to.pages + tile_pages<warp_width> - 1) / tile_pages<warp_width>;
  to.tiles = to.first < to.end ? larger(full_tiles, paged_tiles) : 0;
  return to;
}

/// Writes tile `tile` of a request into all of its rows.
template <thread_context T>
NSAMETA_DEVICE void write_tile(T& self, const short_tables& plan, const table_rows& rows, std::int32_t tile) {
  constexpr int columns = tile_columns<T::warp_width>;
  const int32_table &full = plan.page_table_1, &paged = plan.real_page_table;
  const std::int32_t full_end = smaller(rows.end, full.rows);
  for (std::int32_t row = rows.first; row < full_end; ++row)
    copy_tile(self, full.data + row * full.stride, rows.source, tile, rows.columns, plan.width);
  if (rows.pages == 0) return;
  const bool paged_alone = full.rows == 0;
  const std::int32_t first = paged_alone ? tile * tile_pages<T::warp_width> : tile * columns >> plan.page_shift;
  const std::int32_t length = paged_alone ? tile_pages<T::warp_width> : columns >> plan.page_shift;
  copy_pages(self, paged.data + rows.first * paged.stride, paged.stride, smaller(rows.end, paged.rows) - rows.first,
             rows.source, plan.page_shift, first, smaller(first + length, rows.pages));
}

/// The first row of the request in this lane: `r`, number `index`, of the group that begins at `first`.
template <thread_context T>
NSAMETA_DEVICE std::int32_t first_row(T& self, const short_batch& batch, std::int32_t first, std::int32_t index,
                                      const int32_request& r, short_memory& shared) {
  if (batch.extend_seq_lens.data == nullptr) return saturating_product(index, batch.uniform_rows);
  const int32_rule any_rule{1};
  const int32_sums earlier = add_requests<row_sums>(self, batch, any_rule, first);
  const lane_sums sums = scan_lanes<row_sums>(self, sums_of<row_sums>(any_rule, r));
  const int32_sums before = exclusive_prefix<row_sums>(self, {first, 1, 0}, earlier, sums.through, shared);
  return saturating_add(before.tokens, sums.before.tokens);
}

/// A group of requests has some blocks to itself. Each of its warps has all of them in its lanes, and takes tiles of
/// theirs in turns: neighbouring tiles at a time, which memory likes best, and as even as their lengths add up.
/// `block`: the block's index among those of the tables.
template <thread_context T>
NSAMETA_DEVICE void write_tables(T& self, int block, const short_plan& whole, short_memory& shared) {
  constexpr int block_warps = tuning::block_threads / T::warp_width;
  constexpr wanted_totals tiles{.table_units = true};
  const short_batch& batch = whole.batch;
  const short_tables& plan = whole.tables;
  const std::int32_t first = (block >> plan.blocks_shift) * tuning::table_group;
  const std::int32_t index = first + lane_of(self);
  int32_request r{};
  std::int32_t slot = -1;
  if (lane_of(self) < tuning::table_group && index < batch.requests) {
    const raw_integer raw_slot = load_raw(plan.req_pool_indices, index);
    r = request_of(batch, load_lengths(batch, index));
    slot = value_of(plan.req_pool_indices, raw_slot);
  }
  const std::int32_t row = plan.row_a_request ? index : first_row(self, batch, first, index, r, shared);
  const table_rows rows = rows_of<T::warp_width>(plan, r, slot, row);
  int32_sums own{};
  own.table_units = rows.tiles;
  const lane_sums sums = scan_lanes<tiles>(self, own);
  const std::int32_t all = self.shuffle(sums.through.table_units, T::warp_width - 1);

  const std::int32_t group_block = block & ((1 << plan.blocks_shift) - 1);
  const std::int32_t group_warps = block_warps << plan.blocks_shift;
  for (std::int32_t unit = group_block * block_warps + warp_of(self); unit < all; unit += group_warps) {
    const int at = 63 - __builtin_clzll(self.ballot(sums.before.table_units <= unit && rows.tiles > 0));
    write_tile(self, plan, self.shuffle(rows, at), unit - self.shuffle(sums.before.table_units, at));
  }
}

}  // namespace nsameta::gpu
