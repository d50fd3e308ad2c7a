/// The page tables, a unit of work at a time.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>

#include "cpu/batch.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

/// A unit of work, or a run of them.
struct table_unit {
  const std::int32_t* source;  ///< the request's row of req_to_token
  std::int64_t row, end_row;   ///< rows of the page tables, not yet cut to what they hold
  std::int64_t begin, end;     ///< columns; `begin` is a multiple of the page size
};

/// At most `most` units of a request, from its unit `number` on, all in the same rows; `first_row`: the request's first
/// row in the tables. No rows if the request has no such unit: the caller may have changed the lengths or slots since
/// they were added up.
inline table_unit cut_table_unit(const table_shape& shape, const table_extent& extent, std::int64_t first_row,
                                 std::int64_t number, std::int64_t most) {
  if (extent.tiles == 0 || number < 0) return {};
  // Rows that no table has are all the same, and adding to them must not wrap.
  const std::int64_t limit = shape.row_limit;
  if (first_row >= limit) return {nullptr, limit, limit, 0, 0};
  // Most requests have few rows: no division.
  const std::int64_t group = number < extent.tiles ? 0 : number / extent.tiles;
  const std::int64_t tile = number - group * extent.tiles;
  const std::int64_t row = group * table_copies;
  const std::int64_t last = row + table_copies < extent.held ? row + table_copies : extent.held;
  return {extent.source, first_row + row, first_row + last, tile << shape.tile_shift,
          (tile + (most < extent.tiles - tile ? most : extent.tiles - tile)) << shape.tile_shift};
}

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
  const std::int32_t* const from = copied > unit.begin ? unit.source + unit.begin : nullptr;
  for (std::int64_t row = unit.row; row < smaller(unit.end_row, table.rows); ++row) {
    std::int32_t* const to = table.data + row * table.row_stride;
    if (streams)
      stream(from, copied - unit.begin, to + unit.begin);
    else
      std::copy_n(from, copied - unit.begin, to + unit.begin);
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

inline std::int32_t tail_value(const nsameta_outputs& out) {
  return out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0;
}

/// Writes units [begin, end), where `at` is the request that unit `begin` belongs to.
template <class Batch>
void write_page_tables(const Batch& batch, located_request at, std::int64_t begin, std::int64_t end, bool streams) {
  const nsameta_outputs& out = batch.out;
  const table_shape& shape = batch.shape;
  const std::int32_t tail = tail_value(out);
  while (begin < end) {
    const table_extent extent = batch.extent_of(at.value, at.index);
    totals own{};
    own.tokens = at.value.tokens;
    own.kept = batch.rule.keeps(at.value);
    if (own.kept > 0) own.table_units = extent.units();
    const totals through = at.before + own;
    const std::int64_t own_end = smaller(through.table_units, end);
    while (begin < own_end) {
      const table_unit unit =
          cut_table_unit(shape, extent, batch.table_rows(at.before), begin - at.before.table_units, own_end - begin);
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
    if (begin >= end || at.index + 1 == batch.problem.batch_size) break;
    at.before = through;
    at.value = batch.load(++at.index, at.before);
  }
#if defined(__SSE2__)
  if (streams) _mm_sfence();
#endif
}

/// Writes rows [begin, end) of a table that no request has.
inline void write_tail_rows(const nsameta_table& table, std::int64_t begin, std::int64_t end, std::int32_t tail) {
  for (std::int64_t row = begin; row < end; ++row) std::fill_n(table.data + row * table.row_stride, table.width, tail);
}

}  // namespace nsameta::cpu
