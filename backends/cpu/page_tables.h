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
  std::int64_t begin, end;     ///< columns
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
  if (number == 0 && most >= extent.tiles && extent.held <= table_copies)  // the whole request, as most are
    return {extent.source, first_row, first_row + extent.held, 0, extent.tiles << shape.tile_shift};
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

inline std::int32_t tail_value(const nsameta_outputs& out) {
  return out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0;
}

/// Writes a unit of a table. `live`: columns of it that show the request; [first, last) of those are the unit's, and
/// `copy(count, to)` writes `count` of them. What stands beyond them is the unit's by its columns.
template <class Copy>
[[gnu::always_inline]] inline void write_unit(const nsameta_table& table, const table_unit& unit,
                                              const nsameta_outputs& out, std::int64_t live, std::int64_t first,
                                              std::int64_t last, const Copy& copy) {
  std::int64_t rows = smaller(unit.end_row, table.rows) - unit.row;
  if (rows <= 0) return;  // and no address to work out
  const std::int64_t count = smaller(last, live) - first;
  const std::int64_t tail = larger(unit.begin, live), tail_end = smaller(unit.end, table.width);
  const bool has_tail = out.table_tail != NSAMETA_TAIL_KEEP && tail < tail_end;
  std::int32_t* to = table.data + unit.row * table.row_stride;
  for (;; to += table.row_stride) {
    if (count > 0) copy(count, to + first);
    if (has_tail) std::fill(to + tail, to + tail_end, tail_value(out));
    if (--rows == 0) return;  // before `to` passes the table's end
  }
}

/// A unit of all tables. Inlined, because most requests have one, and few columns in it.
[[gnu::always_inline]] inline void write_unit(const table_shape& shape, const table_extent& extent,
                                              const table_unit& unit, const nsameta_outputs& out, bool streams) {
  const std::int32_t* const source = unit.source;
  const std::int64_t begin = smaller(unit.begin, extent.live), end = smaller(unit.end, extent.live);
  if (shape.full.wanted)
    write_unit(out.page_table_1, unit, out, shape.full.cut(extent.live), begin, end,
               [from = source + begin, streams](std::int64_t count, std::int32_t* to) {
                 streams ? stream(from, count, to) : void(std::copy_n(from, count, to));
               });
  if (shape.paged.wanted) {
    const small_divisor page = shape.page;
    const std::int64_t first = begin == 0 ? 0 : shape.pages_of(begin);
    const std::int64_t last = end == extent.live ? extent.pages : shape.pages_of(end);
    write_unit(out.real_page_table, unit, out, extent.pages, first, last,
               [from = source + first * page.value, page](std::int64_t count, std::int32_t* to) {
                 if (page.is_power_of_two())  // a shift is faster
                   for (std::int64_t i = 0; i < count; ++i) to[i] = from[i << page.shift] >> page.shift;
                 else
                   for (std::int64_t i = 0; i < count; ++i) to[i] = page.floor(from[i * page.value]);
               });
  }
  if (shape.local.wanted) {
    const kv_shard_rule& shard = shape.kv_shard;
    const std::int64_t first = shard(begin);
    write_unit(out.local_page_table_1, unit, out, shape.local.cut(shard(extent.live)), first, shard(end),
               [&](std::int64_t count, std::int32_t* to) {
                 for (std::int64_t i = 0; i < count; ++i) to[i] = shard.ranks.floor(source[shard.position(first + i)]);
               });
  }
}

/// Writes units [begin, end), where `at` is the request that unit `begin` belongs to.
template <class Batch>
void write_page_tables(const Batch& batch, located_request at, std::int64_t begin, std::int64_t end, bool streams) {
  const nsameta_outputs& out = batch.out;
  const table_shape& shape = batch.shape;
  while (begin < end) {
    const table_extent extent = batch.extent_of(at.value, at.index);
    totals own{};
    own.tokens = at.value.tokens;
    own.rows = at.value.rows;
    own.kept = batch.rule.keeps(at.value);
    if (own.kept > 0) own.table_units = extent.units();
    const totals through = at.before + own;
    const std::int64_t own_end = smaller(through.table_units, end);
    while (begin < own_end) {
      const std::int64_t first_row = shape.shows_request_once ? at.before.kept : batch.rows(at.before);
      const table_unit unit = cut_table_unit(shape, extent, first_row, begin - at.before.table_units, own_end - begin);
      if (unit.row >= shape.row_limit) {  // and so is every later unit's
        begin = end;
        break;
      }
      begin += larger(std::int64_t{1}, (unit.end - unit.begin) >> shape.tile_shift);
      write_unit(shape, extent, unit, out, streams);
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
