/// The per-row outputs, four consecutive rows a thread, so that a field's rows leave in 16-byte stores.
#pragma once

#include "common/extents.h"
#include "gpu/batch_scan.h"
#include "gpu/wide_access.h"

namespace nsameta::gpu {

inline constexpr int rows_per_thread = 4;

/// The values of four consecutive rows.
struct row_quad {
  std::int32_t expanded[rows_per_thread];
  std::int32_t clamped[rows_per_thread];
  std::int64_t clamped_before[rows_per_thread];
  std::int32_t request[rows_per_thread];
  std::int64_t indexer_start[rows_per_thread];
};

/// Writes elements [first, first + 4) of `data`, those below `limit`: wide when the buffer's alignment allows.
template <class T, class Value>
NSAMETA_DEVICE void store_quad(T* data, std::int64_t first, std::int64_t limit, Value value) {
  constexpr int unit = 16 / sizeof(T);
  if (first + rows_per_thread <= limit && is_aligned(data + first)) {
    for (int i = 0; i < rows_per_thread; i += unit) {
      wide<T> elements;
      for (int k = 0; k < unit; ++k) elements.element[k] = value(i + k);
      store_wide(data + first + i, elements);
    }
    return;
  }
  for (int i = 0; i < rows_per_thread; ++i)
    if (first + i < limit) data[first + i] = value(i);
}

template <class Value>
NSAMETA_DEVICE void store_values(const nsameta_vector& vector, std::int64_t first, std::int64_t rows, Value value) {
  store_quad(static_cast<std::int32_t*>(vector.data), first, writable(vector, rows),
             [&](int i) { return saturated_int32(value(i)); });
}

template <class Value>
NSAMETA_DEVICE void store_sums(const nsameta_vector& vector, std::int64_t first, std::int64_t rows, Value value) {
  if (vector.dtype == NSAMETA_INT64)
    store_quad(static_cast<std::int64_t*>(vector.data), first, writable(vector, rows), value);
  else
    store_values(vector, first, rows, value);
}

/// Computes rows [first, first + 4), those below `rows`. One search and one closed form for the first row; the others
/// follow from it.
template <class Batch>
NSAMETA_DEVICE row_quad compute_rows(const Batch& batch, const segment_index& segments, std::int64_t first,
                                     std::int64_t rows) {
  row_quad quad{};
  located_request at{};
  std::int64_t begin = 0, end = first;  // rows of the request at hand: none yet
  std::int64_t sum = 0;
  for (int i = 0; i < rows_per_thread && first + i < rows; ++i) {
    const std::int64_t row = first + i;
    if (row == end) {
      at = locate_row(batch, segments, row);
      begin = batch.rows(at.before);
      end = begin + at.value.rows;
      if (i == 0) sum = batch.clamped_before(at, row - begin);
    }
    const std::int64_t expanded = batch.expanded(at, row - begin);
    quad.expanded[i] = static_cast<std::int32_t>(expanded);
    quad.clamped[i] = static_cast<std::int32_t>(batch.rule.clamped(expanded));
    quad.clamped_before[i] = sum;
    quad.request[i] = at.before.kept;
    quad.indexer_start[i] = at.before.kv_len;
    sum = saturating_add(sum, quad.clamped[i]);
  }
  return quad;
}

template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, const Batch& batch, const scanned_batch& scanned) {
  const nsameta_outputs& out = batch.out;
  const std::int64_t rows = batch.rows(scanned.all);
  const std::int64_t end = rows_to_write(out, rows);
  const std::int64_t stride = static_cast<std::int64_t>(lane.block_count()) * block_threads * rows_per_thread;
  std::int64_t first = (static_cast<std::int64_t>(lane.block()) * block_threads + lane.thread()) * rows_per_thread;
  for (; first < end; first += stride) {
    const row_quad quad = compute_rows(batch, scanned.segments, first, rows);
    if (present(out.seqlens_expanded))
      store_values(out.seqlens_expanded, first, rows, [&](int i) { return quad.expanded[i]; });
    if (present(out.nsa_cache_seqlens))
      store_values(out.nsa_cache_seqlens, first, rows, [&](int i) { return quad.clamped[i]; });
    if (present(out.nsa_cu_seqlens_k))
      store_sums(out.nsa_cu_seqlens_k, first, rows, [&](int i) { return quad.clamped_before[i]; });
    if (present(out.nsa_cu_seqlens_q))
      store_sums(out.nsa_cu_seqlens_q, first, rows, [&](int i) { return first + i; });
    if (present(out.token_to_batch))
      store_values(out.token_to_batch, first, rows, [&](int i) { return quad.request[i]; });
    if (present(out.indexer_ks))
      store_values(out.indexer_ks, first, rows, [&](int i) { return quad.indexer_start[i]; });
    if (present(out.indexer_ke))
      store_values(out.indexer_ke, first, rows, [&](int i) { return quad.indexer_start[i] + quad.expanded[i]; });
  }
}

}  // namespace nsameta::gpu
