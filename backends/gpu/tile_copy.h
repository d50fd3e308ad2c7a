/// Copying tiles of a row of req_to_token into rows of the page tables: read once, written as often as a request has
/// rows.
#pragma once

#include "common/arithmetic.h"
#include "gpu/thread_context.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

using tuning::lane_loads;
using tuning::tile_pieces;

inline constexpr int piece_columns = 4;
/// Columns of a tile that is copied in 16-byte pieces.
template <int warp_width>
inline constexpr int tile_columns = tile_pieces * piece_columns * warp_width;
/// Pages of a tile where real_page_table is wanted alone.
template <int warp_width>
inline constexpr int tile_pages = lane_loads * warp_width;

/// Four columns from `column` on, where 16 bytes are aligned; 0 for those beyond the row, which are not touched.
template <class N>
NSAMETA_DEVICE piece load_piece(const std::int32_t* row, N column, N width) {
  if (column + piece_columns <= width) return *reinterpret_cast<const piece*>(row + column);
  piece loaded{};
  NSAMETA_UNROLL(4)
  for (int i = 0; i < piece_columns; ++i)
    if (column + i < width) loaded.element[i] = row[column + i];
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

/// Copies tile `tile` of columns [0, columns) of a row of `width` columns into `rows` rows, in 16-byte pieces. Rows
/// begin anywhere, because a table's width may be odd: pieces are loaded where the source has its 16-byte boundaries,
/// and shifted through the lanes to where each row has them. What a tile writes of the first row begins at a cache
/// line, which another tile's warp would otherwise write the rest of. Reached by all lanes of the warp.
template <class N, thread_context T>
NSAMETA_DEVICE void copy_tile(T& self, std::int32_t* to, std::int64_t stride, N rows, const std::int32_t* from, N tile,
                              N columns, N width) {
  constexpr int lanes = T::warp_width, mask = piece_columns - 1;
  const int lane = lane_of(self);
  const N head = mask + elements_to_boundary<128>(to + mask);  // so that no row begins behind the first piece
  const N front = head - (-elements_to_boundary<16>(from + head) & mask);
  const N base = front + tile * tile_columns<lanes>;  // the column at which the first piece is loaded
  piece loaded[tile_pieces + 1]{};
  NSAMETA_UNROLL(4)
  for (int k = 0; k < tile_pieces; ++k) {
    const N at = base + (k * lanes + lane) * piece_columns;
    if (at < columns) loaded[k] = load_piece(from, at, width);
  }
  if (const N beyond = base + tile_columns<lanes>; lane == 0 && beyond < columns)
    loaded[tile_pieces] = load_piece(from, beyond, width);
  NSAMETA_UNROLL(1)
  for (N row = 0; row < rows; ++row, to += stride) {
    const int shift = static_cast<int>(elements_to_boundary<16>(to) - front) & mask;
    if (tile == 0)
      for (N i = lane; i < smaller<N>(front + shift, columns); i += lanes) to[i] = from[i];
    NSAMETA_UNROLL(4)
    for (int k = 0; k < tile_pieces; ++k) {
      piece value = loaded[k];
      if (shift > 0) {
        piece next{};
        NSAMETA_UNROLL(3)
        for (int i = 0; i < piece_columns - 1; ++i) {  // from the next lane; the last one's comes from lane 0
          const std::int32_t given = lane == 0 ? loaded[k + 1].element[i] : loaded[k].element[i];
          next.element[i] = self.shuffle(given, (lane + 1) % lanes);
        }
        value = shifted(loaded[k], next, shift);
      }
      const N at = base + shift + (k * lanes + lane) * piece_columns;
      if (at + piece_columns <= columns) {
        self.store_streaming(to + at, value);
      } else {
        NSAMETA_UNROLL(4)
        for (int i = 0; i < piece_columns; ++i)
          if (at + i < columns) to[at + i] = value.element[i];
      }
    }
  }
}

/// Writes columns [first, end) of a table that shows some of a request's positions, `chosen`, into `rows` rows: one
/// load a column.
template <class N, class Chosen, thread_context T>
NSAMETA_DEVICE void copy_chosen(T& self, std::int32_t* to, std::int64_t stride, N rows, const std::int32_t* from,
                                const Chosen& chosen, N first, N end) {
  constexpr int lanes = T::warp_width;
  for (N column = first + lane_of(self); column < end; column += lane_loads * lanes) {
    std::int32_t value[lane_loads]{};
    NSAMETA_UNROLL(4)
    for (int k = 0; k < lane_loads; ++k)
      if (column + k * lanes < end) value[k] = chosen.shown(from[chosen.column(column + k * lanes)]);
    std::int32_t* row_to = to;
    for (N row = 0; row < rows; ++row, row_to += stride) {
      NSAMETA_UNROLL(4)
      for (int k = 0; k < lane_loads; ++k)
        if (column + k * lanes < end) row_to[column + k * lanes] = value[k];
    }
  }
}

}  // namespace nsameta::gpu
