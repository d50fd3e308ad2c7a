/// The page tables: a warp takes a unit of work at a time.
#pragma once

#include "common/extents.h"
#include "gpu/shares.h"

namespace nsameta::gpu {

/// Columns of a unit: as many as a warp loads before it stores the first, and few, so that short requests too are
/// spread over many warps.
inline constexpr int table_tile = 256;

/// A request as its page-table rows need it.
template <class N>
struct table_request {
  basic_table_extent<N> extent;
  N index;
  N first_row;
};

/// What deal_shares() deals: units of page-table work.
template <int block_threads, device_lane L, class Batch>
struct table_work {
  static constexpr wanted_totals wanted{.tokens = true, .table_units = true, .kept = Batch::rule_type::deals};
  static constexpr int per_lane = table_tile / L::warp_width;

  using number = typename Batch::number;
  using totals_type = typename Batch::totals_type;

  L& lane;
  const Batch& batch;
  const scan_memory<number, block_threads>& shared;

  NSAMETA_DEVICE number total(const totals_type& all) const { return all.table_units; }
  NSAMETA_DEVICE number granule(const totals_type&) const { return 1; }
  NSAMETA_DEVICE number count(number /*index*/, const totals_type& before) const { return before.table_units; }

  NSAMETA_DEVICE void visit(const batch_view<number>& view, number begin, number end) const {
    int at = last_entry_at(lane, view.count, begin, [&](int entry) { return before(view, entry).table_units; });
    for (; begin < end && at < view.count; ++at) {
      totals_type here = before(view, at);
      const number index = view.first + at;
      if constexpr (!wanted.kept) here.kept = static_cast<std::int32_t>(index);
      const auto shown = batch.load(index, here);
      const table_request<number> request{batch.extent_of(shown), index, batch.table_rows(here)};
      const number last = at + 1 < view.count ? smaller(before(view, at + 1).table_units, end) : end;
      for (; begin < last; ++begin)
        if (!write(request, begin - here.table_units)) return;
    }
  }

 private:
  NSAMETA_DEVICE totals_type before(const batch_view<number>& view, int at) const {
    return shared.before.template load<wanted>(view.base + at);
  }

  /// Unit `number` of a request; false when it, and with it every later one, has nowhere to go.
  NSAMETA_DEVICE bool write(const table_request<number>& request, number which) const {
    const nsameta_outputs& out = batch.out;
    const auto unit = cut_table_unit(batch.problem, request.extent, request.index, request.first_row, which);
    if (unit.row >= table_row_limit(out)) return false;
    if (out.page_table_1.data != nullptr)
      write_columns(request.extent, unit);
    else
      write_pages(request.extent, unit);
    return true;
  }

  NSAMETA_DEVICE std::int32_t tail() const {
    return batch.out.table_tail == NSAMETA_TAIL_VALUE ? batch.out.table_tail_value : 0;
  }

  /// How many of this lane's columns, or pages, in a tile that begins at `begin` lie below `limit`: those numbered k with
  /// k * warp_width below the result. 32 bits, because the tile is small and registers are few.
  NSAMETA_DEVICE int reach(number limit, number begin) const {
    const number inside = smaller(larger(limit - begin, 0), table_tile);
    return static_cast<int>(inside) - lane.thread() % L::warp_width;
  }

  /// A tile of page_table_1, and the pages that begin in it.
  NSAMETA_DEVICE void write_columns(const basic_table_extent<number>& extent, const basic_table_unit<number>& unit) const {
    const nsameta_table& full = batch.out.page_table_1;
    const nsameta_table& paged = batch.out.real_page_table;
    const int lane_index = lane.thread() % L::warp_width;
    const int live = reach(extent.live, unit.begin);
    const std::int32_t* const from = unit.source + unit.begin + lane_index;
    std::int32_t token[per_lane];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < per_lane; ++k) token[k] = k * L::warp_width < live ? from[k * L::warp_width] : tail();

    const int columns = reach(extent.columns, unit.begin);
    const auto rows = static_cast<number>(smaller(unit.end_row, full.rows));
    for (number row = unit.row; row < rows; ++row) {
      std::int32_t* const to = full.data + row * full.row_stride + unit.begin + lane_index;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k)
        if (k * L::warp_width < columns) to[k * L::warp_width] = token[k];
    }
    if (paged.data == nullptr) return;

    const int shift = log2_of(batch.problem.page_size);
    const number first_page = unit.begin >> shift;
    const int pages = static_cast<int>(smaller(larger(extent.pages - first_page, 0), table_tile));
    const auto paged_rows = static_cast<number>(smaller(unit.end_row, paged.rows));
    for (number row = unit.row; row < paged_rows; ++row) {
      std::int32_t* const to = paged.data + row * paged.row_stride + first_page;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k) {
        const int column = lane_index + k * L::warp_width;
        if ((column & (batch.problem.page_size - 1)) == 0 && column >> shift < pages)
          to[column >> shift] = k * L::warp_width < live ? token[k] >> shift : token[k];
      }
    }
  }

  /// A tile of real_page_table alone: one load a page.
  NSAMETA_DEVICE void write_pages(const basic_table_extent<number>& extent, const basic_table_unit<number>& unit) const {
    const nsameta_table& table = batch.out.real_page_table;
    const int lane_index = lane.thread() % L::warp_width;
    const int shift = log2_of(batch.problem.page_size);
    const number first = unit.begin >> shift;
    const int live = reach((extent.live + batch.problem.page_size - 1) >> shift, first);
    const std::int32_t* const from = unit.source + unit.begin + (lane_index << shift);
    std::int32_t page[per_lane];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < per_lane; ++k)
      page[k] = k * L::warp_width < live ? from[k * L::warp_width << shift] >> shift : tail();

    const int pages = reach(extent.pages, first);
    const auto rows = static_cast<number>(smaller(unit.end_row, table.rows));
    for (number row = unit.row; row < rows; ++row) {
      std::int32_t* const to = table.data + row * table.row_stride + first + lane_index;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k)
        if (k * L::warp_width < pages) to[k * L::warp_width] = page[k];
    }
  }
};

template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_page_tables(L& lane, Batch& batch, scan_memory<typename Batch::number, block_threads>& shared) {
  const table_work<block_threads, L, Batch> work{lane, batch, shared};
  deal_shares<block_threads>(lane, batch, shared, work);
}

}  // namespace nsameta::gpu
