/// Copying a tile of a page-table row. Rows begin anywhere, because a table's width may be odd: what is loaded in
/// 16-byte pieces is shifted through the lanes to where the row's own 16-byte boundaries are.
#pragma once

#include "common/extents.h"
#include "gpu/thread_context.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

using tuning::pages_per_lane;
using tuning::tile_pieces;

inline constexpr int piece_columns = 4;
template <int warp_width>
inline constexpr int tile_columns = tile_pieces * piece_columns * warp_width;

/// Where real_page_table is wanted alone, a tile is as many of its pages.
template <int warp_width>
inline constexpr int tile_pages = pages_per_lane * warp_width;

using piece = wide<std::int32_t>;

/// Four columns from `column` on, where 16 bytes are aligned; 0 for those outside the row, which are not touched.
template <class N>
NSAMETA_DEVICE piece load_piece(const std::int32_t* row, N column, N width) {
  if (column >= 0 && column + piece_columns <= width) return load_wide(row + column);
  piece loaded{};
  NSAMETA_UNROLL(4)
  for (int i = 0; i < piece_columns; ++i)
    if (column + i >= 0 && column + i < width) loaded.element[i] = row[column + i];
  return loaded;
}

/// The first four of the eight columns of two pieces, from `shift` on.
NSAMETA_DEVICE piece shifted(const piece& a, const piece& b, int shift) {
  const std::int32_t* const x = a.element;
  const std::int32_t* const y = b.element;
  switch (shift) {
    case 0:
      return a;
    case 1:
      return {x[1], x[2], x[3], y[0]};
    case 2:
      return {x[2], x[3], y[0], y[1]};
    default:
      return {x[3], y[0], y[1], y[2]};
  }
}

/// Elements from `data` to the next boundary of `bytes`, a power of two.
template <int bytes>
NSAMETA_DEVICE std::int32_t elements_to_boundary(const std::int32_t* data) {
  constexpr std::uintptr_t size = sizeof *data;
  return static_cast<std::int32_t>(-(reinterpret_cast<std::uintptr_t>(data) / size) & (bytes / size - 1));
}

/// Copies tile `tile` of columns [0, columns) of a row of `width` columns. Reached by all lanes of the warp. What is
/// written by one tile begins at a cache line, which another tile's warp would otherwise write the rest of.
template <class N, thread_context T>
NSAMETA_DEVICE void copy_tile(T& self, std::int32_t* to, const std::int32_t* from, N tile, N columns, N width) {
  constexpr int lanes = T::warp_width;
  const int lane_index = self.thread() % lanes;
  const N head = smaller<N>(elements_to_boundary<128>(to), columns);  // columns in front of the first piece
  const N pieces = (columns - head) / piece_columns;
  const int shift = (piece_columns - elements_to_boundary<16>(from + head)) & (piece_columns - 1);
  const N source = head - shift;  // the column at which the first piece is loaded
  const N first = tile * tile_pieces * lanes;
  const N end = smaller(first + tile_pieces * lanes, pieces);

  // The columns in front of the first piece, fewer than lanes, and those behind the last one.
  const N behind = head + pieces * piece_columns + lane_index;
  const bool has_front = tile == 0 && lane_index < head;
  const bool has_behind = tile == larger<N>(columns - 1, 0) / tile_columns<lanes> && behind < columns;
  std::int32_t front_value = 0, behind_value = 0;
  if (has_front) front_value = from[lane_index];
  if (has_behind) behind_value = from[behind];

  piece loaded[tile_pieces + 1]{};
  NSAMETA_UNROLL(4)
  for (int k = 0; k < tile_pieces; ++k) {
    const N at = first + k * lanes + lane_index;
    if (at < end + (shift > 0)) loaded[k] = load_piece(from, source + at * piece_columns, width);
  }
  const N beyond = first + tile_pieces * lanes;
  if (shift > 0 && lane_index == 0 && beyond <= end)
    loaded[tile_pieces] = load_piece(from, source + beyond * piece_columns, width);
  if (has_front) to[lane_index] = front_value;
  if (has_behind) to[behind] = behind_value;
  NSAMETA_UNROLL(4)
  for (int k = 0; k < tile_pieces; ++k) {
    const N at = first + k * lanes + lane_index;
    piece value = loaded[k];
    if (shift > 0) {
      piece next{};
      NSAMETA_UNROLL(3)
      for (int i = 0; i < piece_columns - 1; ++i) {  // from the next lane; the last one's comes from lane 0
        const std::int32_t given = lane_index == 0 ? loaded[k + 1].element[i] : loaded[k].element[i];
        next.element[i] = self.shuffle(given, (lane_index + 1) % lanes);
      }
      value = shifted(loaded[k], next, shift);
    }
    if (at < end) store_wide(to + head + at * piece_columns, value);
  }
}

/// Writes pages [first, end) of a request into `rows` rows of real_page_table: one load a page.
template <class N, thread_context T>
NSAMETA_DEVICE void copy_pages(T& self, std::int32_t* to, std::int64_t stride, N rows, const std::int32_t* from,
                               int page_shift, N first, N end) {
  constexpr int lanes = T::warp_width;
  for (N page = first + self.thread() % lanes; page < end; page += pages_per_lane * lanes) {
    std::int32_t value[pages_per_lane];
    NSAMETA_UNROLL(4)
    for (int k = 0; k < pages_per_lane; ++k)
      if (page + k * lanes < end)
        value[k] = from[static_cast<std::int64_t>(page + k * lanes) << page_shift] >> page_shift;
    std::int32_t* row_to = to;
    for (N row = 0; row < rows; ++row, row_to += stride) {
      NSAMETA_UNROLL(4)
      for (int k = 0; k < pages_per_lane; ++k)
        if (page + k * lanes < end) row_to[page + k * lanes] = value[k];
    }
  }
}

}  // namespace nsameta::gpu
