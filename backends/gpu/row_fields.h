/// The per-row outputs.
#pragma once

#include "common/outcome.h"
#include "gpu/arguments.h"
#include "gpu/shares.h"
#include "gpu/wide_access.h"

namespace nsameta::gpu {

/// Consecutive rows of one lane.
template <class N, int count>
struct lane_rows {
  N first;
  N begin, end;  ///< those of them to be written
  std::int32_t expanded[count];
  std::int32_t at[count];  ///< the row's request, in the view
  N clamped_before;        ///< of all rows before the first one to be written
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
template <wanted_totals wanted_of_rows, int block_threads, device_lane L, class Batch>
struct row_work {
  static constexpr wanted_totals wanted = wanted_of_rows;
  static constexpr int rows_per_lane = 4;  ///< 16 bytes, when there are rows enough

  using number = typename Batch::number;
  using totals_type = typename Batch::totals_type;

  L& lane;
  const Batch& batch;
  const set_plan& plan;
  const scan_memory<number, block_threads>& shared;

  NSAMETA_DEVICE number total(const totals_type& all) const {
    return static_cast<number>(smaller(batch.rows(all), plan.row_limit));
  }
  NSAMETA_DEVICE number granule(const totals_type& all) const {
    const number wide = rows_per_lane * L::warp_width;
    return batch.rows(all) >= wide * warp_count<block_threads>(lane) ? wide : L::warp_width;
  }
  NSAMETA_DEVICE number count(number /*index*/, const totals_type& before) const { return batch.rows(before); }

  NSAMETA_DEVICE void visit(const batch_view<number>& view, number begin, number end) const {
    if (end - begin >= rows_per_lane * L::warp_width)
      write<rows_per_lane>(view, begin, end);
    else
      write<1>(view, begin, end);
  }

 private:
  template <int count>
  NSAMETA_DEVICE void write(const batch_view<number>& view, number begin, number end) const {
    const int lane_index = lane.thread() % L::warp_width;
    lane_rows<number, count> rows;
    rows.begin = begin;
    rows.end = end;
    for (rows.first = begin / count * count + lane_index * count; rows.first < end;
         rows.first += L::warp_width * count) {
      compute(view, rows);
      store(view, rows);
    }
  }

  /// One search and one closed form for the first row; the others follow from it.
  template <int count>
  NSAMETA_DEVICE void compute(const batch_view<number>& view, lane_rows<number, count>& rows) const {
    const number first = larger(rows.first, rows.begin);
    int at = 0;
    for (int step = max_segments / 2; step > 0; step /= 2)
      if (at + step < view.count && rows_before(view, at + step) <= first) at += step;
    auto r = request_at(view, at);
    const number j = first - rows_before(view, at);
    number next = rows_before_next(view, at);
    if constexpr (wanted.clamped)
      rows.clamped_before = saturating_add(before(view, at).clamped, batch.rule.sum(r, j));
    number seen = r.first + j * r.step;
    NSAMETA_UNROLL(4)
    for (int i = 0; i < count; ++i) {
      const number row = rows.first + i;
      if (row < rows.begin || row >= rows.end) continue;
      if (row >= next) {
        do next = rows_before_next(view, ++at);
        while (row >= next);
        r = request_at(view, at);
        seen = r.first;
      }
      rows.expanded[i] = static_cast<std::int32_t>(batch.rule.local(seen > 0 ? seen : 0));
      rows.at[i] = at;
      seen = wrapping_add(seen, r.step);
    }
  }

  NSAMETA_DEVICE totals_type before(const batch_view<number>& view, int at) const {
    return shared.before.template load<wanted>(view.base + at);
  }
  NSAMETA_DEVICE number rows_before(const batch_view<number>& view, int at) const {
    return batch.rows(before(view, at));
  }
  NSAMETA_DEVICE number rows_before_next(const batch_view<number>& view, int at) const {
    constexpr number never = number{1} << (8 * sizeof(number) - 2);
    return at + 1 < view.count ? rows_before(view, at + 1) : never;
  }
  NSAMETA_DEVICE auto request_at(const batch_view<number>& view, int at) const {
    return batch.load(view.first + at, before(view, at));
  }

  template <int count>
  NSAMETA_DEVICE void store(const batch_view<number>& view, const lane_rows<number, count>& rows) const {
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
    if (fields & field_request)
      store_values(out.token_to_batch, rows, [&](int i) -> number {
        if constexpr (wanted.kept) return before(view, rows.at[i]).kept;
        return view.first + rows.at[i];
      });
    if constexpr (wanted.kv_len) {
      const auto start = [&](int i) { return before(view, rows.at[i]).kv_len; };
      if (fields & field_indexer_start) store_values(out.indexer_ks, rows, start);
      if (fields & field_indexer_end)
        store_values(out.indexer_ke, rows, [&](int i) { return start(i) + rows.expanded[i]; });
    }
  }
};

template <wanted_totals wanted, int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_row_fields(L& lane, Batch& batch, const set_plan& plan,
                                     scan_memory<typename Batch::number, block_threads>& shared) {
  const row_work<wanted, block_threads, L, Batch> work{lane, batch, plan, shared};
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
template <int block_threads, device_lane L, class Batch>
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
