/// The page tables: a warp takes a run of units.
#pragma once

#include "common/extents.h"
#include "gpu/shares.h"
#include "gpu/words.h"

namespace nsameta::gpu {

/// Columns of a unit: as many as a warp loads before it stores the first, and few, so that short requests too are
/// spread over many warps.
inline constexpr int table_tile = 256;

/// What deal_shares() deals: units of page-table work.
template <int block_threads, thread_context L, class Batch>
struct table_work {
  static constexpr wanted_totals wanted{.tokens = true, .table_units = true, .kept = Batch::rule_type::deals};
  static constexpr int per_lane = table_tile / L::warp_width;

  using number = typename Batch::number;
  using totals_type = typename Batch::totals_type;

  L& lane;
  const Batch& batch;

  /// Far more than there can be rows for, and far from where adding to it would wrap.
  NSAMETA_DEVICE number total(const totals_type& all) const {
    constexpr number most = number{1} << (8 * sizeof(number) - 2);
    return smaller(all.table_units, most);
  }
  NSAMETA_DEVICE number granule(const totals_type&) const { return 1; }
  NSAMETA_DEVICE number count(number /*index*/, const totals_type& before) const { return before.table_units; }

  NSAMETA_DEVICE void visit(const warp_window<number>& window, number begin, number end) const {
    const number units = window.before.table_units;
    int at = __builtin_popcountll(lane.ballot(units <= begin)) - 1;
    for (; begin < end && at < L::warp_width; ++at) {
      const auto theirs = [&](const auto& all) { return lane.shuffle(all, at); };
      const number next = lane.shuffle(units, at + 1 < L::warp_width ? at + 1 : at);
      number first = units;
      typename Batch::request_type shown{};
      shown.kv_len = window.value.kv_len;
      shown.rows = window.value.rows;
      totals_type before{};
      before.tokens = window.before.tokens;
      before.kept = window.before.kept;
      if constexpr (wanted.kept) {
        move_together(theirs, first, shown.kv_len, shown.rows, before.tokens, before.kept);
      } else {
        move_together(theirs, first, shown.kv_len, shown.rows, before.tokens);
        before.kept = static_cast<std::int32_t>(window.first + at);
      }
      const number last = at + 1 < L::warp_width ? smaller(next, end) : end;
      write_units(shown, window.first + at, before, begin - first, last - first);
      begin = last;
    }
  }

  /// Units [begin, end) of request `index`, which `before` precedes.
  NSAMETA_DEVICE void write_units(const typename Batch::request_type& shown, number index, const totals_type& before,
                                  number begin, number end) const {
    const auto extent = batch.extent_of(shown);
    while (begin < end) {
      const auto run =
          cut_table_unit(batch.problem, batch.shape, extent, index, batch.table_rows(before), begin, end - begin);
      if (run.end <= run.begin || run.row >= batch.shape.row_limit) return;
      if (batch.out.page_table_1.data != nullptr) write_columns(extent, run);
      if (batch.out.real_page_table.data != nullptr) write_pages(extent, run);
      begin += (run.end - run.begin) >> batch.shape.tile_shift;
    }
  }

 private:
  using extent_type = basic_table_extent<number>;
  using run_type = basic_table_unit<number>;

  NSAMETA_DEVICE std::int32_t tail() const {
    return batch.out.table_tail == NSAMETA_TAIL_VALUE ? batch.out.table_tail_value : 0;
  }

  /// Elements [begin, end) of some rows of a table: what `load(i)` gives for those below `live`, the tail for others. A
  /// lane has `per_lane` loads under way before it stores the first.
  template <class Load>
  NSAMETA_DEVICE void copy(const nsameta_table& table, const run_type& run, number begin, number end, number live,
                           Load load) const {
    const auto rows = static_cast<number>(smaller(run.end_row, table.rows));
    for (number first = begin + lane.thread() % L::warp_width; first < end; first += table_tile) {
      std::int32_t value[per_lane];
      std::int32_t* to = table.data + run.row * table.row_stride + first;
      if (first + (per_lane - 1) * L::warp_width < smaller(live, end)) {  // nearly always
        NSAMETA_UNROLL(8)
        for (int k = 0; k < per_lane; ++k) value[k] = load(first + k * L::warp_width);
        for (number row = run.row; row < rows; ++row, to += table.row_stride) {
          NSAMETA_UNROLL(8)
          for (int k = 0; k < per_lane; ++k) to[k * L::warp_width] = value[k];
        }
        continue;
      }
      NSAMETA_UNROLL(8)
      for (int k = 0; k < per_lane; ++k)
        value[k] = first + k * L::warp_width < live ? load(first + k * L::warp_width) : tail();
      for (number row = run.row; row < rows; ++row, to += table.row_stride) {
        NSAMETA_UNROLL(8)
        for (int k = 0; k < per_lane; ++k)
          if (first + k * L::warp_width < end) to[k * L::warp_width] = value[k];
      }
    }
  }

  NSAMETA_DEVICE void write_columns(const extent_type& extent, const run_type& run) const {
    copy(batch.out.page_table_1, run, run.begin, smaller(run.end, extent.columns), extent.live,
         [source = run.source](number column) { return source[column]; });
  }

  /// The pages that begin in the run's columns: one load a page.
  NSAMETA_DEVICE void write_pages(const extent_type& extent, const run_type& run) const {
    const int shift = batch.shape.page_shift;
    const number live = (extent.live + batch.problem.page_size - 1) >> shift;
    copy(batch.out.real_page_table, run, run.begin >> shift, smaller(run.end >> shift, extent.pages), live,
         [source = run.source, shift](number page) { return source[page << shift] >> shift; });
  }
};

template <int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE void write_page_tables(L& lane, Batch& batch,
                                      scan_memory<typename Batch::number, block_threads>& shared) {
  const table_work<block_threads, L, Batch> work{lane, batch};
  deal_shares<block_threads>(lane, batch, shared, work);
}

}  // namespace nsameta::gpu
