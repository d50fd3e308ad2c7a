/// The page tables of a step, dealt by tiles to groups of warps.
#pragma once

#include "gpu/step_batch.h"
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
NSAMETA_DEVICE table_rows rows_of(const step_tables& plan, const narrow_request& r, std::int64_t slot,
                                  std::int32_t first) {
  table_rows to{};
  if (slot < 0 || slot >= plan.slot_count) return to;
  const std::int32_t live = smaller(r.kv_len, plan.width);
  to.source = plan.source + slot * plan.source_stride;
  to.first = first;
  to.end = saturating_add(first, plan.row_a_request ? 1 : r.rows);
  to.columns = plan.full.rows > first ? smaller(live, plan.full.width) : 0;
  to.pages =
      plan.paged.rows > first ? smaller((live + (1 << plan.page_shift) - 1) >> plan.page_shift, plan.paged.width) : 0;
  const std::int32_t full_tiles = (to.columns + tile_columns<warp_width> - 1) / tile_columns<warp_width>;
  const std::int32_t paged_tiles =
      plan.full.rows > 0 ? ((to.pages << plan.page_shift) + tile_columns<warp_width> - 1) / tile_columns<warp_width>
                         : (to.pages + tile_pages<warp_width> - 1) / tile_pages<warp_width>;
  to.tiles = to.first < to.end ? larger(full_tiles, paged_tiles) : 0;
  return to;
}

/// Writes tile `tile` of a request into all of its rows.
template <device_lane L>
NSAMETA_DEVICE void write_tile(L& lane, const step_tables& plan, const table_rows& rows, std::int32_t tile) {
  constexpr int columns = tile_columns<L::warp_width>;
  const std::int32_t full_end = smaller(rows.end, plan.full.rows);
  for (std::int32_t row = rows.first; row < full_end; ++row)
    copy_tile(lane, plan.full.data + row * plan.full.stride, rows.source, tile, rows.columns, plan.width);
  if (rows.pages == 0) return;
  const bool paged_alone = plan.full.rows == 0;
  const std::int32_t first = paged_alone ? tile * tile_pages<L::warp_width> : tile * columns >> plan.page_shift;
  const std::int32_t length = paged_alone ? tile_pages<L::warp_width> : columns >> plan.page_shift;
  copy_pages(lane, plan.paged.data + rows.first * plan.paged.stride, plan.paged.stride,
             smaller(rows.end, plan.paged.rows) - rows.first, rows.source, plan.page_shift, first,
             smaller(first + length, rows.pages));
}

NSAMETA_DEVICE std::int64_t slot_of(const step_tables& plan, std::int32_t index) {
  return plan.slots_are_int64 ? static_cast<const std::int64_t*>(plan.slots)[index]
                              : static_cast<const std::int32_t*>(plan.slots)[index];
}

/// The first row of the request in this lane: `r`, number `index`, of the group that begins at `first`.
template <int block_threads, device_lane L, class Requests>
NSAMETA_DEVICE std::int32_t first_row(L& lane, const Requests& requests, std::int32_t first, std::int32_t index,
                                      const narrow_request& r, step_memory<block_threads>& shared) {
  const step_batch& batch = requests.batch;
  if (batch.tokens == nullptr) return saturating_product(index, batch.uniform_tokens);
  constexpr block_cluster alone{0, 1};
  const narrow_rule any_rule(1);
  const step_place place{first, 1, 0};
  const narrow_totals earlier = add_earlier_requests<row_totals, block_threads>(lane, requests, any_rule, place, alone);
  const window_sums sums = sums_of_window<row_totals>(lane, totals_of<row_totals>(any_rule, r));
  const narrow_totals before = before_window<row_totals>(lane, place, earlier, sums.through, alone, shared);
  return saturating_add(before.tokens, sums.before.tokens);
}

/// A group of requests has some blocks to itself. Each of its warps has all of them in its lanes, and takes tiles of
/// theirs in turns: neighbouring tiles at a time, which memory likes best, and as even as their lengths add up.
template <bool int64_lengths, int block_threads, device_lane L>
NSAMETA_DEVICE void write_step_tables(L& lane, const step_batch& batch, const step_tables& plan,
                                      step_memory<block_threads>& shared) {
  constexpr int block_warps = block_threads / L::warp_width;
  constexpr wanted_totals tiles{.table_units = true};
  const step_requests<int64_lengths> requests{batch};
  const int lane_index = lane.thread() % L::warp_width;
  const std::int32_t first = (lane.block() >> plan.blocks_shift) * group_requests;
  const std::int32_t index = first + lane_index;
  narrow_request r{};
  std::int64_t slot = -1;
  if (lane_index < group_requests && index < batch.requests) {
    slot = slot_of(plan, index);
    r = requests.request_of(requests.load(index));
  }
  const std::int32_t row =
      plan.row_a_request ? index : first_row<block_threads>(lane, requests, first, index, r, shared);
  const table_rows rows = rows_of<L::warp_width>(plan, r, slot, row);
  narrow_totals own{};
  own.table_units = rows.tiles;
  const window_sums sums = sums_of_window<tiles>(lane, own);
  const std::int32_t all = lane.shuffle(sums.through.table_units, L::warp_width - 1);

  const std::int32_t group_block = lane.block() & ((1 << plan.blocks_shift) - 1);
  const std::int32_t group_warps = block_warps << plan.blocks_shift;
  for (std::int32_t unit = group_block * block_warps + lane.thread() / L::warp_width; unit < all; unit += group_warps) {
    const int at = 63 - __builtin_clzll(lane.ballot(sums.before.table_units <= unit && rows.tiles > 0));
    write_tile(lane, plan, lane.shuffle(rows, at), unit - lane.shuffle(sums.before.table_units, at));
  }
}

}  // namespace nsameta::gpu
