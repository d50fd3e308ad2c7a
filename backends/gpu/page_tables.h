/// The page tables: a warp takes a unit of work at a time.
#pragma once

#include "common/extents.h"
#include "gpu/shares.h"

namespace nsameta::gpu {

/// Columns of a unit: as many as a warp loads before it stores the first, and few, so that short requests too are
/// spread over many warps.
inline constexpr int table_tile = 256;

/// A request as its page-table rows need it, the same for all lanes.
struct table_request {
  table_extent extent;
  std::int64_t index;
  std::int64_t first_row;
};

/// What deal_shares() deals: units of page-table work.
template <int block_threads, device_lane L, class Batch>
struct table_work {
  static constexpr wanted_totals wanted{.tokens = true, .table_units = true, .kept = Batch::rule_type::deals};
  static constexpr int per_lane = table_tile / L::warp_width;

  L& lane;
  const Batch& batch;

  NSAMETA_DEVICE std::int64_t total(const totals& all) const { return all.table_units; }
  NSAMETA_DEVICE std::int64_t granule(const totals&) const { return 1; }
  NSAMETA_DEVICE std::int64_t count(std::int64_t /*index*/, const totals& before) const { return before.table_units; }

  NSAMETA_DEVICE void visit(const warp_window& window, std::int64_t begin, std::int64_t end) const {
    int at = __builtin_popcountll(lane.ballot(window.before.table_units <= begin)) - 1;
    for (; begin < end && at < L::warp_width; ++at) {
      const std::int64_t before = lane.broadcast(window.before.table_units, at);
      const std::int64_t after = lane.broadcast(window.before.table_units, at + 1 < L::warp_width ? at + 1 : at);
      const std::int64_t through = at + 1 < L::warp_width ? after : window.through.table_units;
      request shown{};
      shown.kv_len = lane.broadcast(window.value.kv_len, at);
      shown.rows = lane.broadcast(window.value.rows, at);
      const table_request request{batch.extent_of(shown), window.first + at,
                                  lane.broadcast(batch.table_rows(window.before), at)};
      for (const std::int64_t last = smaller(through, end); begin < last; ++begin)
        if (!write(request, begin - before)) return;
    }
  }

 private:
  /// Unit `number` of a request; false when it, and with it every later one, has nowhere to go.
  NSAMETA_DEVICE bool write(const table_request& request, std::int64_t number) const {
    const nsameta_outputs& out = batch.out;
    const table_unit unit =
        cut_table_unit(batch.problem, request.extent, request.index, request.first_row, number);
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

  /// A tile of page_table_1, and the pages that begin in it.
  NSAMETA_DEVICE void write_columns(const table_extent& extent, const table_unit& unit) const {
    const nsameta_outputs& out = batch.out;
    const int lane_index = lane.thread() % L::warp_width;
    const int shift = log2_of(batch.problem.page_size);
    std::int32_t token[per_lane];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < per_lane; ++k) {
      const std::int64_t column = unit.begin + lane_index + k * L::warp_width;
      token[k] = column < extent.live ? unit.source[column] : 0;
    }
    const std::int64_t rows = smaller(unit.end_row, out.page_table_1.rows);
    for (std::int64_t row = unit.row; row < rows; ++row) {
      std::int32_t* const to = out.page_table_1.data + row * out.page_table_1.row_stride;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k) {
        const std::int64_t column = unit.begin + lane_index + k * L::warp_width;
        if (column < extent.columns) to[column] = column < extent.live ? token[k] : tail();
      }
    }
    if (out.real_page_table.data == nullptr) return;
    const std::int64_t paged_rows = smaller(unit.end_row, out.real_page_table.rows);
    for (std::int64_t row = unit.row; row < paged_rows; ++row) {
      std::int32_t* const to = out.real_page_table.data + row * out.real_page_table.row_stride;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k) {
        const std::int64_t column = unit.begin + lane_index + k * L::warp_width;
        const std::int64_t page = column >> shift;
        if ((column & (batch.problem.page_size - 1)) == 0 && page < extent.pages)
          to[page] = column < extent.live ? token[k] >> shift : tail();
      }
    }
  }

  /// A tile of real_page_table alone: one load a page.
  NSAMETA_DEVICE void write_pages(const table_extent& extent, const table_unit& unit) const {
    const nsameta_table& table = batch.out.real_page_table;
    const int shift = log2_of(batch.problem.page_size);
    const std::int64_t first = (unit.begin >> shift) + lane.thread() % L::warp_width;
    std::int32_t value[per_lane];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < per_lane; ++k) {
      const std::int64_t column = (first + k * L::warp_width) << shift;
      value[k] = column < extent.live ? unit.source[column] >> shift : tail();
    }
    const std::int64_t rows = smaller(unit.end_row, table.rows);
    for (std::int64_t row = unit.row; row < rows; ++row) {
      std::int32_t* const to = table.data + row * table.row_stride;
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k) {
        const std::int64_t page = first + k * L::warp_width;
        if (page < extent.pages) to[page] = value[k];
      }
    }
  }
};

template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_page_tables(L& lane, Batch& batch, scan_memory<block_threads>& scan) {
  const table_work<block_threads, L, Batch> work{lane, batch};
  deal_shares<block_threads>(lane, batch, scan, work);
}

}  // namespace nsameta::gpu
