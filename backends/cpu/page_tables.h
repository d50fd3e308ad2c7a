/// The page tables, a unit of work at a time.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>

#include "common/extents.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

/// Copies without a trace of `to` in the caches; a fence is to follow.
inline void stream(const std::int32_t* from, std::int64_t count, std::int32_t* to) {
#if defined(__SSE2__)
  constexpr std::uintptr_t line = 64;
  const auto lead = std::min(count, static_cast<std::int64_t>((0 - reinterpret_cast<std::uintptr_t>(to)) % line / 4));
  std::copy(from, from + lead, to);
  std::int64_t i = lead;
  for (; i + 16 <= count; i += 16)
    for (std::int64_t j = i; j < i + 16; j += 4)
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + j), _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + j)));
  std::copy(from + i, from + count, to + i);
#else
  std::copy(from, from + count, to);
#endif
}

/// Columns [begin, end) of page_table_1, of which those below `live` come from the source, the others are `tail`.
inline void write_columns(const nsameta_table& table, const table_unit& unit, std::int64_t end, std::int64_t live,
                          std::int32_t tail, bool streams) {
  const std::int64_t copied = std::clamp(live, unit.begin, std::max(unit.begin, end));
  for (std::int64_t row = unit.row; row < smaller(unit.end_row, table.rows); ++row) {
    std::int32_t* const to = table.data + row * table.row_stride;
    if (streams)
      stream(unit.source + unit.begin, copied - unit.begin, to + unit.begin);
    else
      std::copy(unit.source + unit.begin, unit.source + copied, to + unit.begin);
    if (copied < end) std::fill(to + copied, to + end, tail);
  }
}

/// Pages of real_page_table that begin in the unit's columns.
inline void write_pages(const nsameta_table& table, const table_unit& unit, std::int64_t end, std::int64_t live,
                        std::int32_t tail, int shift) {
  for (std::int64_t row = unit.row; row < smaller(unit.end_row, table.rows); ++row) {
    std::int32_t* const to = table.data + row * table.row_stride;
    for (std::int64_t page = unit.begin >> shift; page < end; ++page) {
      const std::int64_t column = page << shift;
      to[page] = column < live ? unit.source[column] >> shift : tail;
    }
  }
}

/// Writes units [begin, end), where `at` is the request that unit `begin` belongs to.
template <class Batch>
void write_page_tables(const Batch& batch, located_request at, std::int64_t begin, std::int64_t end, bool streams) {
  constexpr wanted_totals rows_only{.tokens = true, .kept = true};
  const nsameta_problem& problem = batch.problem;
  const nsameta_outputs& out = batch.out;
  const table_shape& shape = batch.shape;
  const std::int32_t tail = out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0;
  while (begin < end) {
    const table_extent extent = batch.extent_of(at.value);
    totals own = batch.template totals_of<rows_only>(at.index, at.value);
    if (own.kept > 0) own.table_units = extent.units(problem, at.index);
    const totals through = at.before + own;
    const std::int64_t own_end = smaller(through.table_units, end);
    while (begin < own_end) {
      const table_unit unit = cut_table_unit(problem, shape, extent, at.index, batch.table_rows(at.before),
                                             begin - at.before.table_units, own_end - begin);
      if (unit.row >= shape.row_limit) {  // and so is every later unit's
        begin = end;
        break;
      }
      begin += larger(std::int64_t{1}, (unit.end - unit.begin) >> shape.tile_shift);
      if (shape.has_full)
        write_columns(out.page_table_1, unit, smaller(unit.end, extent.columns), extent.live, tail, streams);
      if (shape.has_paged)
        write_pages(out.real_page_table, unit, smaller(unit.end >> shape.page_shift, extent.pages), extent.live, tail,
                    shape.page_shift);
    }
    if (begin >= end || at.index + 1 == problem.batch_size) break;
    at.before = through;
    at.value = batch.load(++at.index, at.before);
  }
#if defined(__SSE2__)
  if (streams) _mm_sfence();
#endif
}

}  // namespace nsameta::cpu
