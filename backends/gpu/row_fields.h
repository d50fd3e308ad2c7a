/// The per-row outputs.
#pragma once

#include "common/outcome.h"
#include "gpu/arguments.h"
#include "gpu/shares.h"
#include "gpu/thread_context.h"

namespace nsameta::gpu {

/// Consecutive rows of one lane.
template <class N, int count>
struct lane_rows {
  N first;
  N begin, end;  ///< those of them to be written
  std::int32_t expanded[count];
  std::int32_t request[count];
  N indexer_start[count];
  N clamped_before;  ///< of all rows before the first one to be written
};

/// Writes value(i) to element first + i, in 16-byte stores where the buffer's alignment allows.
template <class T, class N, int count, class Value>
NSAMETA_DEVICE void store_rows(const nsameta_vector& vector, const lane_rows<N, count>& rows, Value value) {
  T* const data = static_cast<T*>(vector.data) + rows.first;
  const auto limit = static_cast<N>(smaller(rows.end, vector.capacity));
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

template <class N, int count, class Value>
NSAMETA_DEVICE void store_values(const nsameta_vector& vector, const lane_rows<N, count>& rows, Value value) {
  store_rows<std::int32_t>(vector, rows, [&](int i) { return saturated_int32(value(i)); });
}

template <class N, int count, class Value>
NSAMETA_DEVICE void store_sums(const nsameta_vector& vector, const lane_rows<N, count>& rows, Value value) {
  if (sizeof(N) == 8 && vector.dtype == NSAMETA_INT64)  // where numbers are int32, so are all outputs
    store_rows<std::int64_t>(vector, rows, value);
  else
    store_values(vector, rows, value);
}

/// What deal_shares() deals: rows. `wanted_of_rows` has clamped and kv_len when an output holds sums over them.
template <wanted_totals wanted_of_rows, int block_threads, thread_context L, class Batch>
struct row_work {
  static constexpr wanted_totals wanted = wanted_of_rows;
  static constexpr int rows_per_lane = 4;  ///< 16 bytes, when there are rows enough

  using number = typename Batch::number;
  using totals_type = typename Batch::totals_type;
  using window_type = warp_window<number>;

  L& lane;
  const Batch& batch;
  const set_plan& plan;

  NSAMETA_DEVICE number total(const totals_type& all) const {
    return static_cast<number>(smaller(batch.rows(all), plan.row_limit));
  }
  NSAMETA_DEVICE number granule(const totals_type& all) const {
    const number wide = rows_per_lane * L::warp_width;
    return batch.rows(all) >= wide * warp_count<block_threads>(lane) ? wide : L::warp_width;
  }
  NSAMETA_DEVICE number count(number /*index*/, const totals_type& before) const { return batch.rows(before); }

  NSAMETA_DEVICE void visit(const window_type& window, number begin, number end) const {
    if (end - begin >= rows_per_lane * L::warp_width)
      write<rows_per_lane>(window, begin, end);
    else
      write<1>(window, begin, end);
  }

 private:
  template <int count>
  NSAMETA_DEVICE void write(const window_type& window, number begin, number end) const {
    const int lane_index = lane.thread() % L::warp_width;
    lane_rows<number, count> rows;
    rows.begin = begin;
    rows.end = end;
    for (number first = begin / count * count; first < end; first += L::warp_width * count) {
      rows.first = first + lane_index * count;
      compute(window, rows);
      store(rows);
    }
  }

  /// A request as far as its rows are concerned.
  struct row_place {
    int at;       ///< lane of the window
    number next;  ///< the first row beyond the request
    number seen;  ///< positions that the request's first row sees, before clamping at 0
  };

  /// The lanes of a warp look together, each for its own request.
  NSAMETA_DEVICE row_place place_at(const window_type& window, int at) const {
    constexpr number never = number{1} << (8 * sizeof(number) - 2);
    const bool last = at + 1 >= L::warp_width;
    const number next = lane.shuffle(batch.rows(window.before), last ? at : at + 1);
    return {at, last ? never : next, lane.shuffle(window.value.first, at)};
  }

  /// One search and one closed form for a lane's first row; the others follow from it.
  template <int count>
  NSAMETA_DEVICE void compute(const window_type& window, lane_rows<number, count>& rows) const {
    const number start = batch.rows(window.before);
    const number first = larger(rows.first, rows.begin);
    int at = 0;
    NSAMETA_UNROLL(6)
    for (int step = L::warp_width / 2; step > 0; step /= 2)
      if (lane.shuffle(start, at + step) <= first) at += step;
    row_place place = place_at(window, at);
    const number step = step_of(window);
    const number j = first - lane.shuffle(start, at);
    if constexpr (wanted.clamped) {
      const number before = lane.shuffle(window.before.clamped, at);
      typename Batch::request_type r{};
      r.first = place.seen;
      r.step = step;
      rows.clamped_before = first < rows.end ? saturating_add(before, batch.rule.sum(r, j)) : 0;
    }
    number seen = first < rows.end ? wrapping_add(place.seen, j * step) : 0;
    NSAMETA_UNROLL(4)
    for (int i = 0; i < count; ++i) {
      const number row = rows.first + i;
      if constexpr (count > 1) {
        bool beyond = row >= place.next && row < rows.end;
        while (lane.ballot(beyond) != 0) {
          const row_place following = place_at(window, place.at + (beyond ? 1 : 0));
          if (beyond) {
            place = following;
            seen = place.seen;
          }
          beyond = row >= place.next && row < rows.end;
        }
      }
      rows.expanded[i] = static_cast<std::int32_t>(batch.rule.local(seen > 0 ? seen : 0));
      if (row >= rows.begin) seen = wrapping_add(seen, step);
      if constexpr (wanted.kept)
        rows.request[i] = lane.shuffle(window.before.kept, place.at);
      else
        rows.request[i] = static_cast<std::int32_t>(window.first + place.at);
      if constexpr (wanted.kv_len) rows.indexer_start[i] = lane.shuffle(window.before.kv_len, place.at);
    }
  }

  /// The same for all requests of the batch.
  NSAMETA_DEVICE number step_of(const window_type& window) const {
    if constexpr (Batch::rule_type::deals) return lane.shuffle(window.value.step, 0);
    return 1;
  }

  template <int count>
  NSAMETA_DEVICE void store(const lane_rows<number, count>& rows) const {
    const nsameta_outputs& out = batch.out;
    const std::uint32_t fields = plan.row_fields;
    const auto clamped = [&](int i) { return batch.rule.clamped(rows.expanded[i]); };
    if (fields & field_expanded) store_values(out.seqlens_expanded, rows, [&](int i) { return rows.expanded[i]; });
    if (fields & field_clamped) store_values(out.nsa_cache_seqlens, rows, clamped);
    if constexpr (wanted.clamped) {
      if (fields & field_clamped_sums)
        store_sums(out.nsa_cu_seqlens_k, rows, [&, sum = rows.clamped_before](int i) mutable {
          const number before = sum;
          sum = saturating_add<number>(sum, clamped(i));
          return before;
        });
    }
    if (fields & field_row_numbers) store_sums(out.nsa_cu_seqlens_q, rows, [&](int i) { return rows.first + i; });
    if (fields & field_request) store_values(out.token_to_batch, rows, [&](int i) { return rows.request[i]; });
    if constexpr (wanted.kv_len) {
      if (fields & field_indexer_start)
        store_values(out.indexer_ks, rows, [&](int i) { return rows.indexer_start[i]; });
      if (fields & field_indexer_end)
        store_values(out.indexer_ke, rows, [&](int i) { return rows.indexer_start[i] + rows.expanded[i]; });
    }
  }
};

template <wanted_totals wanted, int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, Batch& batch, const set_plan& plan,
                                     scan_memory<typename Batch::number, block_threads>& shared) {
  const row_work<wanted, block_threads, L, Batch> work{lane, batch, plan};
  const auto all = deal_shares<block_threads>(lane, batch, shared, work);
  if (plan.row_fields & (field_clamped_sums | field_row_numbers))
    if (lane.block() == 0 && lane.thread() == 0) write_row_ends(batch, all);
  if (!plan.vector_tail) return;
  for_each_row_tail(batch, all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (present(vector))
      deal_elements<block_threads>(lane, live, vector.capacity, [&](std::int64_t i) { store_sum(vector, i, value); });
  });
}

/// The sums are made only for whom they are wanted by.
template <int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, Batch& batch, const set_plan& plan,
                                     scan_memory<typename Batch::number, block_threads>& shared) {
  constexpr bool kept = Batch::rule_type::deals;
  constexpr bool general = sizeof(typename Batch::number) == 8;  // the only one that has indexer ranges
  if (general && (plan.row_fields & (field_indexer_start | field_indexer_end)))
    write_row_fields<wanted_totals{.tokens = true, .kv_len = general, .clamped = true, .kept = kept}>(lane, batch, plan,
                                                                                                      shared);
  else if (plan.row_fields & field_clamped_sums)
    write_row_fields<wanted_totals{.tokens = true, .clamped = true, .kept = kept}>(lane, batch, plan, shared);
  else
    write_row_fields<wanted_totals{.tokens = true, .kept = kept}>(lane, batch, plan, shared);
}

}  // namespace nsameta::gpu
