/// The page tables of the general kernel: a warp takes a tile of columns in a few rows of one request.
#pragma once

#include "gpu/general_rows.h"
#include "gpu/tile_copy.h"

namespace nsameta::gpu {

/// log2 of the groups of rows, tuning::table_copies each, that hold a request's rows; rounded up, so that nothing is
/// divided.
NSAMETA_DEVICE int row_groups_shift(std::int64_t rows) {
  int shift = 0;
  while (tuning::table_copies << shift < rows) ++shift;
  return shift;
}

/// Units of work of a request: tiles times groups of rows; none when its slot is no row of req_to_token.
template <class Batch>
NSAMETA_DEVICE std::int64_t table_units(const Batch& batch, const request& r, std::int64_t index) {
  if (!wants_tables(batch.out) || !table_extent::has_slot(batch.problem, index)) return 0;
  const table_extent extent = batch.extent_of(r);
  return extent.tiles << row_groups_shift(extent.held);
}

/// The last of `count` entries of a running count, which never falls, that is at most `position`. The lanes of a warp
/// look together.
template <thread_context T>
NSAMETA_DEVICE int last_entry_at(T& self, const std::int64_t* entries, int count, std::int64_t position) {
  int first = 0;
  for (int stride = request_tile::size / T::warp_width;; stride = 1) {
    const int entry = first + lane_of(self) * stride;
    const int votes = __builtin_popcountll(self.ballot(entry < count && entries[entry] <= position));
    if (votes > 0) first += (votes - 1) * stride;
    if (stride == 1) return first;
  }
}

/// Writes unit `unit` of the request at `at`.
template <class Batch, thread_context T>
NSAMETA_DEVICE void write_table_unit(T& self, const Batch& batch, const request_tile& requests, int at,
                                     std::int64_t unit) {
  constexpr std::int64_t columns = tile_columns<T::warp_width>;
  const nsameta_outputs& out = batch.out;
  const nsameta_table &full = out.page_table_1, &paged = out.real_page_table;
  const nsameta_token_table& pool = batch.problem.req_to_token;
  const std::int32_t tail = out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0;
  const auto fill = [&](std::int32_t* to, std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin + lane_of(self); i < end; i += T::warp_width) to[i] = tail;
  };
  request r{};
  r.kv_len = requests.length[at];
  r.rows = requests.number_or_rows[at];
  const table_extent extent = batch.extent_of(r);
  const int shift = row_groups_shift(extent.held);
  const std::int64_t tile = unit >> shift, group = unit - (tile << shift);
  const std::int64_t first = requests.first_row[at] + group * tuning::table_copies;
  const std::int64_t end = smaller(first + tuning::table_copies, requests.first_row[at] + extent.held);
  const std::int32_t* const source = pool.data + requests.kv_or_slot[at] * pool.row_stride;

  if (full.data != nullptr) {
    const std::int64_t live = smaller(extent.live, full.width);
    const std::int64_t full_end = smaller(end, full.rows);
    NSAMETA_UNROLL(1)
    for (std::int64_t row = first; row < full_end; ++row) {
      std::int32_t* const to = full.data + row * full.row_stride;
      copy_tile(self, to, source, tile, live, pool.width);
      fill(to, larger(live, tile * columns), smaller((tile + 1) * columns, extent.columns));
    }
  }
  if (paged.data != nullptr) {
    const int page_shift = full.data != nullptr ? batch.shape.page_shift : 0;  // pages in a tile
    const std::int64_t begin_page = tile * columns >> page_shift;
    const std::int64_t end_page = smaller((tile + 1) * columns >> page_shift, extent.pages);
    const std::int64_t live = (extent.live + batch.problem.page_size - 1) >> batch.shape.page_shift;
    std::int32_t* const to = paged.data + first * paged.row_stride;
    const std::int64_t rows = smaller(end, paged.rows) - first;
    copy_pages(self, to, paged.row_stride, rows, source, batch.shape.page_shift, begin_page, smaller(end_page, live));
    NSAMETA_UNROLL(1)
    for (std::int64_t row = 0; row < rows; ++row) fill(to + row * paged.row_stride, larger(begin_page, live), end_page);
  }
}

/// Writes the units of a tile of requests: neighbouring warps take neighbouring units.
template <class Batch, thread_context T>
NSAMETA_DEVICE void write_table_units(T& self, const Batch& batch, const request_tile& requests, const tile_span& units,
                                      const block_share& share) {
  constexpr int block_warps = request_tile::size / T::warp_width;
  const int count = static_cast<int>(smaller<std::int64_t>(units.requests, request_tile::size));
  NSAMETA_UNROLL(1)
  for (std::int64_t unit = units.begin + share.index * block_warps + warp_of(self); unit < units.end;
       unit += std::int64_t{share.count} * block_warps) {
    const int at = last_entry_at(self, requests.other, count, unit);
    write_table_unit(self, batch, requests, at, unit - requests.other[at]);
  }
}

}  // namespace nsameta::gpu
