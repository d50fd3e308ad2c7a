/// Rows and page tables of the general kernel: the requests of a tile lie in shared memory, where rows and warps find
/// theirs.
#pragma once

#include "common/batch.h"
#include "common/extents.h"
#include "gpu/thread_context.h"
#include "gpu/tile_copy.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

/// What requests add up to. Only `other` can reach the end of int64: the sum of clamped lengths, or units of page
/// tables.
struct general_sums {
  std::int64_t tokens, kv_len, other;
  std::int32_t kept, unused;

  friend NSAMETA_DEVICE general_sums operator+(const general_sums& a, const general_sums& b) {
    return {a.tokens + b.tokens, a.kv_len + b.kv_len, saturating_add(a.other, b.other), a.kept + b.kept, 0};
  }
};

/// Requests side by side, one a thread, one array a member. What each member means depends on the task.
struct request_tile {
  static constexpr int size = tuning::block_threads;
  std::int64_t first_row[size];   ///< of the vectors, or of the page tables
  std::int64_t other[size];       ///< general_sums::other before the request
  std::int64_t kv_or_slot[size];  ///< the sum of the KV lengths before it, or its row of req_to_token, -1 for none
  std::int32_t length[size];      ///< what its first row sees, before clamping at 0; or its KV length
  std::int32_t number_or_rows[size];

  /// What does not fit int32 belongs to a request without rows: nobody looks at it.
  NSAMETA_DEVICE void store(int at, std::int64_t row, std::int64_t before, std::int64_t kv_before_or_slot,
                            std::int64_t length_of_it, std::int64_t number_or_rows_of_it) {
    first_row[at] = row;
    other[at] = before;
    kv_or_slot[at] = kv_before_or_slot;
    length[at] = static_cast<std::int32_t>(length_of_it);
    number_or_rows[at] = static_cast<std::int32_t>(number_or_rows_of_it);
  }
};

/// Which of the blocks that share some requests this one is.
struct block_share {
  int index, count;
};

/// Positions [begin, end) that a tile has, and how many requests; there may be more than fit it.
struct tile_span {
  std::int64_t requests, begin, end;
};

/// Writes the row outputs of a tile.
template <class Rule, thread_context T>
class general_rows {
 public:
  using batch_type = batch<Rule, tile_columns<T::warp_width>>;

  NSAMETA_DEVICE general_rows(const batch_type& batch, const request_tile& tile, const tile_span& rows)
      : batch_(batch),
        tile_(tile),
        rows_(rows),
        requests_(static_cast<int>(smaller<std::int64_t>(rows.requests, request_tile::size))) {
    if constexpr (Rule::deals) step_ = batch.rule.dealt ? batch.rule.fixed.ranks.value : 1;
    while (first_step_ * 2 < requests_) first_step_ *= 2;
  }

  /// Neighbouring threads take neighbouring rows, or, of many, as many of them as make 16 bytes.
  NSAMETA_DEVICE void write(const T& self, const block_share& share) const {
    const std::int64_t threads = std::int64_t{share.count} * request_tile::size;
    const int count = rows_.end - rows_.begin >= threads * tuning::wide_rows ? tuning::wide_rows : 1;
    const std::int64_t base = rows_.begin & -std::int64_t{count};  // so that all but the first ones are aligned
    const std::int64_t thread = share.index * request_tile::size + self.thread();
    NSAMETA_UNROLL(1)
    for (std::int64_t first = base + thread * count; first < rows_.end; first += threads * count)
      write_chunk(first, count);
  }

 private:
  static constexpr int most = tuning::wide_rows;

  struct chunk {
    std::int64_t first;  ///< row
    int begin, end;      ///< those of it to be written
    std::int32_t expanded[most];
    std::int32_t request[most];
    std::int64_t kv_before[most];
  };

  /// The last request that begins at or before `row`, by binary search.
  NSAMETA_DEVICE int request_at(std::int64_t row) const {
    int at = 0;
    NSAMETA_UNROLL(1)
    for (int step = first_step_; step > 0; step /= 2)
      if (at + step < requests_ && tile_.first_row[at + step] <= row) at += step;
    return at;
  }

  /// The first row of the request behind `at`.
  NSAMETA_DEVICE std::int64_t row_behind(int at) const {
    return at + 1 < requests_ ? tile_.first_row[at + 1] : rows_.end;
  }

  NSAMETA_DEVICE void write_chunk(std::int64_t first, int count) const {
    chunk rows;
    rows.first = first;
    rows.begin = first < rows_.begin ? static_cast<int>(rows_.begin - first) : 0;
    rows.end = static_cast<int>(smaller<std::int64_t>(count, rows_.end - first));
    const nsameta_outputs& out = batch_.out;
    const bool sums = present(out.nsa_cu_seqlens_k), ranges = present(out.indexer_ks) || present(out.indexer_ke);

    const std::int64_t row = first + rows.begin;
    int at = request_at(row);
    request r{};
    r.first = tile_.length[at];
    r.step = step_;
    const std::int64_t j = row - tile_.first_row[at];
    std::int64_t sum = sums ? saturating_add(tile_.other[at], batch_.rule.sum(r, j)) : 0;
    std::int64_t seen = r.first + j * step_, behind = row_behind(at);
    NSAMETA_UNROLL(4)
    for (int k = 0; k < most; ++k) {
      if (k < rows.begin || k >= rows.end) continue;
      while (first + k >= behind) {
        behind = row_behind(++at);
        seen = tile_.length[at];
      }
      rows.expanded[k] = static_cast<std::int32_t>(batch_.rule.local(larger<std::int64_t>(seen, 0)));
      rows.request[k] = tile_.number_or_rows[at];
      if (ranges) rows.kv_before[k] = tile_.kv_or_slot[at];
      seen += step_;
    }

    const auto clamped = [&](int k) { return batch_.rule.clamped(rows.expanded[k]); };
    store_values(out.seqlens_expanded, rows, [&](int k) { return rows.expanded[k]; });
    store_values(out.nsa_cache_seqlens, rows, clamped);
    store_sums(out.nsa_cu_seqlens_k, rows, [&](int k) {
      const std::int64_t before = sum;
      sum = saturating_add<std::int64_t>(sum, clamped(k));
      return before;
    });
    store_sums(out.nsa_cu_seqlens_q, rows, [&](int k) { return first + k; });
    store_values(out.token_to_batch, rows, [&](int k) { return rows.request[k]; });
    store_values(out.indexer_ks, rows, [&](int k) { return rows.kv_before[k]; });
    store_values(out.indexer_ke, rows, [&](int k) { return rows.kv_before[k] + rows.expanded[k]; });
  }

  /// Writes value(k) for each row, in order, in 16-byte stores where the buffer's alignment allows.
  template <class V, class Value>
  static NSAMETA_DEVICE void store(const nsameta_vector& vector, const chunk& rows, Value value) {
    V* const data = static_cast<V*>(vector.data) + rows.first;
    const int end = static_cast<int>(smaller<std::int64_t>(rows.end, vector.capacity - rows.first));
    if (rows.begin == 0 && end == most && is_aligned(data)) {
      constexpr int unit = 16 / sizeof(V);
      NSAMETA_UNROLL(4)
      for (int k = 0; k < most; k += unit) {
        wide<V> elements;
        NSAMETA_UNROLL(4)
        for (int i = 0; i < unit; ++i) elements.element[i] = static_cast<V>(value(k + i));
        store_wide(data + k, elements);
      }
      return;
    }
    NSAMETA_UNROLL(4)
    for (int k = 0; k < most; ++k)
      if (k >= rows.begin && k < end) data[k] = static_cast<V>(value(k));
  }
  template <class Value>
  static NSAMETA_DEVICE void store_values(const nsameta_vector& vector, const chunk& rows, Value value) {
    if (present(vector)) store<std::int32_t>(vector, rows, [&](int k) { return saturated_int32(value(k)); });
  }
  template <class Value>
  static NSAMETA_DEVICE void store_sums(const nsameta_vector& vector, const chunk& rows, Value value) {
    if (present(vector) && vector.dtype == NSAMETA_INT64)
      store<std::int64_t>(vector, rows, value);
    else
      store_values(vector, rows, value);
  }

  const batch_type& batch_;
  const request_tile& tile_;
  const tile_span rows_;
  const int requests_;
  int first_step_ = 1;
  std::int64_t step_ = 1;
};

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
    const std::int64_t rows = smaller(end, full.rows) - first;
    std::int32_t* const to = full.data + first * full.row_stride;
    copy_tile(self, to, full.row_stride, rows, source, tile, live, pool.width);
    NSAMETA_UNROLL(1)
    for (std::int64_t row = 0; row < rows; ++row)
      fill(to + row * full.row_stride, larger(live, tile * columns), smaller((tile + 1) * columns, extent.columns));
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
