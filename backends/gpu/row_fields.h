/// The per-row outputs.
#pragma once

#include "common/outcome.h"
#include "gpu/shares.h"
#include "gpu/wide_access.h"

namespace nsameta::gpu {

/// The requests of a window in shared memory, where the lanes find those of their rows. Each warp has its own part.
template <int block_threads>
struct parked_requests {
  std::int64_t start[block_threads];  ///< row of the batch
  std::int64_t first[block_threads];  ///< positions that row sees, before clamping at 0
  std::int64_t clamped_before[block_threads];
  std::int64_t kv_before[block_threads];
  std::int32_t kept_before[block_threads];
};

/// Consecutive rows of one lane.
template <int count>
struct lane_rows {
  std::int64_t first;
  std::int64_t begin, end;  ///< those of them to be written
  std::int32_t expanded[count];
  std::int32_t clamped[count];
  std::int32_t request[count];
  std::int64_t clamped_before[count];
  std::int64_t indexer_start[count];
};

/// Writes value(i) to element first + i, in 16-byte stores where the buffer's alignment allows.
template <class T, int count, class Value>
NSAMETA_DEVICE void store_rows(const nsameta_vector& vector, const lane_rows<count>& rows, Value value) {
  T* const data = static_cast<T*>(vector.data) + rows.first;
  const std::int64_t limit = rows.end < vector.capacity ? rows.end : vector.capacity;
  if constexpr (count * sizeof(T) >= 16) {
    if (rows.begin <= rows.first && rows.first + count <= limit && is_aligned(data)) {
      constexpr int unit = 16 / sizeof(T);
      NSAMETA_UNROLL(4)
      for (int i = 0; i < count; i += unit) {
        wide<T> elements;
        NSAMETA_UNROLL(4)
        for (int k = 0; k < unit; ++k) elements.element[k] = value(i + k);
        store_wide(data + i, elements);
      }
      return;
    }
  }
  NSAMETA_UNROLL(4)
  for (int i = 0; i < count; ++i)
    if (rows.first + i >= rows.begin && rows.first + i < limit) data[i] = value(i);
}

template <int count, class Value>
NSAMETA_DEVICE void store_values(const nsameta_vector& vector, const lane_rows<count>& rows, Value value) {
  if (present(vector)) store_rows<std::int32_t>(vector, rows, [&](int i) { return saturated_int32(value(i)); });
}

template <int count, class Value>
NSAMETA_DEVICE void store_sums(const nsameta_vector& vector, const lane_rows<count>& rows, Value value) {
  if (present(vector) && vector.dtype == NSAMETA_INT64)
    store_rows<std::int64_t>(vector, rows, value);
  else
    store_values(vector, rows, value);
}

/// What deal_shares() deals: rows. `wanted_of_rows` has clamped and kv_len when an output holds sums over them.
template <wanted_totals wanted_of_rows, int block_threads, device_lane L, class Batch>
struct row_work {
  static constexpr wanted_totals wanted = wanted_of_rows;
  static constexpr int rows_per_lane = 4;  ///< 16 bytes, when there are rows enough

  L& lane;
  const Batch& batch;
  parked_requests<block_threads>& parked;

  NSAMETA_DEVICE std::int64_t total(const totals& all) const { return rows_to_write(batch.out, batch.rows(all)); }
  NSAMETA_DEVICE std::int64_t granule(const totals& all) const {
    const std::int64_t wide = rows_per_lane * L::warp_width;
    return batch.rows(all) >= wide * warp_count<block_threads>(lane) ? wide : L::warp_width;
  }
  NSAMETA_DEVICE std::int64_t count(std::int64_t /*index*/, const totals& before) const { return batch.rows(before); }

  NSAMETA_DEVICE void visit(const warp_window& window, std::int64_t begin, std::int64_t end) const {
    lane.sync_warp();  // others may still read what the window before has left
    const int here = lane.thread();
    parked.start[here] = batch.rows(window.before);
    parked.first[here] = window.value.first;
    if constexpr (wanted.clamped) parked.clamped_before[here] = window.before.clamped;
    if constexpr (wanted.kv_len) parked.kv_before[here] = window.before.kv_len;
    if constexpr (wanted.kept) parked.kept_before[here] = window.before.kept;
    lane.sync_warp();
    if (end - begin >= rows_per_lane * L::warp_width)
      write<rows_per_lane>(window, begin, end);
    else
      write<1>(window, begin, end);
  }

 private:
  template <int count>
  NSAMETA_DEVICE void write(const warp_window& window, std::int64_t begin, std::int64_t end) const {
    const int lane_index = lane.thread() % L::warp_width;
    lane_rows<count> rows;
    rows.begin = begin;
    rows.end = end;
    for (rows.first = begin / count * count + lane_index * count; rows.first < end;
         rows.first += L::warp_width * count) {
      compute(window, rows);
      store(rows);
    }
  }

  /// One search and one closed form for the first row; the others follow from it.
  template <int count>
  NSAMETA_DEVICE void compute(const warp_window& window, lane_rows<count>& rows) const {
    const int own = lane.thread() / L::warp_width * L::warp_width;  // where this warp's part begins
    const std::int64_t first = rows.first > rows.begin ? rows.first : rows.begin;
    int at = 0;
    for (int step = L::warp_width / 2; step > 0; step /= 2)
      if (parked.start[own + at + step] <= first) at += step;
    std::int64_t next = start_after(own, at);
    std::int64_t seen = seen_by(own + at, first);
    std::int64_t sum = 0;
    if constexpr (wanted.clamped) {
      request r{};
      r.first = parked.first[own + at];
      r.step = batch.rule.step();
      sum = saturating_add(parked.clamped_before[own + at], batch.rule.sum(r, first - parked.start[own + at]));
    }
    NSAMETA_UNROLL(4)
    for (int i = 0; i < count; ++i) {
      const std::int64_t row = rows.first + i;
      if (row < rows.begin || row >= rows.end) continue;
      if (row >= next) {
        do next = start_after(own, ++at);
        while (row >= next);
        seen = seen_by(own + at, row);
      }
      const std::int64_t expanded = batch.rule.local(seen > 0 ? seen : 0);
      seen += batch.rule.step();
      rows.expanded[i] = static_cast<std::int32_t>(expanded);
      rows.clamped[i] = static_cast<std::int32_t>(batch.rule.clamped(expanded));
      if constexpr (wanted.kept)
        rows.request[i] = parked.kept_before[own + at];
      else
        rows.request[i] = static_cast<std::int32_t>(window.first + at);
      if constexpr (wanted.kv_len) rows.indexer_start[i] = parked.kv_before[own + at];
      if constexpr (wanted.clamped) {
        rows.clamped_before[i] = sum;
        sum = saturating_add(sum, rows.clamped[i]);
      }
    }
  }

  NSAMETA_DEVICE std::int64_t start_after(int own, int at) const {
    constexpr std::int64_t never = std::int64_t{1} << 62;
    return at + 1 < L::warp_width ? parked.start[own + at + 1] : never;
  }

  /// Positions that a row of a parked request sees, before clamping at 0.
  NSAMETA_DEVICE std::int64_t seen_by(int at, std::int64_t row) const {
    return parked.first[at] + (row - parked.start[at]) * batch.rule.step();
  }

  template <int count>
  NSAMETA_DEVICE void store(const lane_rows<count>& rows) const {
    const nsameta_outputs& out = batch.out;
    store_values(out.seqlens_expanded, rows, [&](int i) { return rows.expanded[i]; });
    store_values(out.nsa_cache_seqlens, rows, [&](int i) { return rows.clamped[i]; });
    if constexpr (wanted.clamped) store_sums(out.nsa_cu_seqlens_k, rows, [&](int i) { return rows.clamped_before[i]; });
    store_sums(out.nsa_cu_seqlens_q, rows, [&](int i) { return rows.first + i; });
    store_values(out.token_to_batch, rows, [&](int i) { return rows.request[i]; });
    if constexpr (wanted.kv_len) {
      store_values(out.indexer_ks, rows, [&](int i) { return rows.indexer_start[i]; });
      store_values(out.indexer_ke, rows, [&](int i) { return rows.indexer_start[i] + rows.expanded[i]; });
    }
  }
};

template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, Batch& batch, scan_memory<block_threads>& scan,
                                     parked_requests<block_threads>& parked) {
  const row_work<wanted, block_threads, L, Batch> work{lane, batch, parked};
  const totals all = deal_shares<block_threads>(lane, batch, scan, work);
  if (lane.block() == 0 && lane.thread() == 0) write_row_ends(batch, all);
  for_each_row_tail(batch, all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (present(vector))
      deal_elements<block_threads>(lane, live, vector.capacity, [&](std::int64_t i) { store_sum(vector, i, value); });
  });
}

/// Most engines want no sum over rows, and then none is made.
template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, Batch& batch, scan_memory<block_threads>& scan,
                                     parked_requests<block_threads>& parked) {
  constexpr bool kept = Batch::rule_type::deals;
  const nsameta_outputs& out = batch.out;
  if (present(out.nsa_cu_seqlens_k) || present(out.indexer_ks) || present(out.indexer_ke))
    write_row_fields<wanted_totals{.tokens = true, .kv_len = true, .clamped = true, .kept = kept}>(lane, batch, scan,
                                                                                                 parked);
  else
    write_row_fields<wanted_totals{.tokens = true, .kept = kept}>(lane, batch, scan, parked);
}

}  // namespace nsameta::gpu
