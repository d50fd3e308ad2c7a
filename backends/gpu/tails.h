/// What stands beyond the live elements of vectors, and the rows of page tables that no request has.
#pragma once

#include "gpu/page_tables.h"
#include "gpu/vectors.h"

namespace nsameta::gpu {

/// The lengths of padding rows, from row `begin` to row `end`: the part of block `block` of `blocks`.
template <class N, class T, class Rule>
NSAMETA_DEVICE void write_padding_rows(const block_work<N, T, Rule>& at, int block, int blocks, N begin, N end) {
  if (begin >= end) return;
  const N last = at.batch.requests - 1;
  const N length = at.rule.local(request_of_padding_row(request_of(at, last, load_lengths(at, last))).first);
  for (N row = begin + block * tuning::block_threads + at.self.thread(); row < end;
       row += blocks * tuning::block_threads) {
    if (row < at.set.seqlens_expanded.capacity) store(at.set.seqlens_expanded, row, length);
    if (row < at.set.nsa_cache_seqlens.capacity) store(at.set.nsa_cache_seqlens, row, at.rule.clamped(length));
  }
}

/// Vectors behind `all` that is live: the part of block `block` of `blocks`. `padded`: rows with those of padding.
template <class N, class T, class Rule>
NSAMETA_DEVICE void write_vector_tails(const block_work<N, T, Rule>& at, int block, int blocks,
                                       const vector_sums<N>& all, N padded) {
  const vector_outputs<N>& out = at.set;
  const N thread = block * tuning::block_threads + at.self.thread(), stride = blocks * tuning::block_threads;
  const auto fill = [&](const auto& vector, N live, N value) {
    for (N i = saturating_add(live, thread); i < vector.capacity; i += stride) store(vector, i, value);
  };
  const N kept = kept_of(all, N{at.batch.requests}), sums = saturating_add(all.rows, N{1});
  fill(out.cu_seqlens_k, kept + 1, all.kv_len);
  fill(out.cu_seqlens_q, kept + 1, all.rows);
  fill(out.nsa_cu_seqlens_k, sums, all.clamped);
  fill(out.nsa_cu_seqlens_q, sums, all.rows);
  for_each_vector(out, [&](const auto& vector, auto field) {
    constexpr tail_rule tail = decltype(field)::row.tail;
    if constexpr (tail == tail_rule::zero)
      fill(vector, field.is_row_length ? padded : field.per_row ? all.rows : kept, 0);
    if constexpr (tail == tail_rule::one) fill(vector, all.rows, 1);
    if constexpr (is_general<N>) {
      if constexpr (tail == tail_rule::pad_slot) fill(vector, all.rows, at.rule.fixed.keys.pad_slot);
      if constexpr (tail == tail_rule::seq_pad) fill(vector, kept, at.rule.local(at.batch.seq_pad));
    } else if constexpr (tail == tail_rule::seq_pad) {
      fill(vector, kept, 0);
    }
  });
}

/// The same of a table, from row `first` on: each warp takes some columns of a row in turn.
template <class N, class T>
NSAMETA_DEVICE void write_tail_rows(T& self, int block, int blocks, const output_table<N>& table, N first,
                                    std::int32_t value) {
  constexpr int block_warps = tuning::block_threads / T::warp_width;
  constexpr N columns = tuning::tail_elements;
  const std::int64_t pieces = table.width / columns + (table.width % columns != 0);
  const std::int64_t all = first < table.rows ? (table.rows - first) * pieces : 0;
  for (std::int64_t piece = block * block_warps + warp_of(self); piece < all; piece += blocks * block_warps) {
    const std::int64_t row = piece / pieces, begin = (piece - row * pieces) * columns;
    fill_columns(self, table, static_cast<N>(first + row), static_cast<N>(first + row + 1), static_cast<N>(begin),
                 static_cast<N>(smaller<std::int64_t>(begin + columns, table.width)), value);
  }
}

template <class N, class T, class Rule>
NSAMETA_DEVICE void write_tails(const block_work<N, T, Rule>& at, int block, int blocks, const table_source<N>& source,
                                const output_set<N>& set, const set_tails& tails, std::int32_t most_padded) {
  const auto all = block_sum(at.self, at.shared.earlier, add_all<vector_sums<N>, loads_for<N>>(at));
  const N padded = tails.pads_rows ? larger(all.rows, N{most_padded}) : all.rows;
  if (tails.vector_tail) write_vector_tails(at, block, blocks, all, padded);
  write_padding_rows(at, block, blocks, all.rows, padded);
  if (!tails.table_tail) return;
  const N rows = source.row_a_request ? kept_of(all, N{at.batch.requests}) : all.rows;
  for_each_table(set, [&](const output_table<N>& table, table_member) {
    write_tail_rows(at.self, block, blocks, table, rows, tails.table_tail_value);
  });
}

}  // namespace nsameta::gpu
