/// A batch request by request: adding them up, and writing the fields of requests and of rows.
#pragma once

#include <algorithm>
#include <utility>

#include "cpu/batch.h"

namespace nsameta::cpu {

/// Totals of requests [begin, end), where `before` is of all earlier ones.
template <class Batch>
totals add_requests(const Batch& batch, std::int64_t begin, std::int64_t end, totals before) {
  totals sum{};
  for (std::int64_t i = begin; i < end; ++i) {
    const totals own = batch.totals_of(i, batch.load(i, before));
    before.tokens += own.tokens;  // all that load() asks of what is before
    sum = sum + own;
  }
  return sum;
}

/// Writes the fields of requests [begin, end).
template <class Batch>
void write_request_fields(const Batch& batch, std::int64_t begin, std::int64_t end, totals before) {
  const nsameta_outputs& out = batch.out;
  for (std::int64_t i = begin; i < end; ++i) {
    const totals own = batch.totals_of(i, batch.load(i, before));
    if (own.kept != 0) {
      for (const nsameta_vector* lengths : {&out.cache_seqlens, &out.local_cache_seqlens})
        if (present(*lengths)) store_sum(*lengths, before.kept, own.kv_len);
      if (present(out.cu_seqlens_k)) store_sum(out.cu_seqlens_k, before.kept, before.kv_len);
      if (present(out.cu_seqlens_q)) store_sum(out.cu_seqlens_q, before.kept, before.owned);
      if (present(out.last_token_index))
        store_sum(out.last_token_index, before.kept, own.owned > 0 ? before.owned + own.owned - 1 : -1);
    }
    before = before + own;
  }
}

/// The length fields of rows, which vector code writes where nothing is sharded or pooled.
constexpr bool is_length_field(vector_member member) {
  return member == &nsameta_outputs::seqlens_expanded || member == &nsameta_outputs::nsa_cache_seqlens ||
         member == &nsameta_outputs::nsa_cu_seqlens_k;
}

/// Whether any other field of rows is asked for.
inline bool wants_other_rows(const nsameta_outputs& out) {
  return !for_each_wanted(out, []<std::size_t i>(const nsameta_vector&) {
    return !vector_fields[i].per_row() || is_length_field(vector_fields[i].member);
  });
}

/// Writes rows [begin, end) of one request; of a plain batch all but the length fields.
template <class Batch>
void write_run(const Batch& batch, const located_request& at, std::int64_t begin, std::int64_t end) {
  const nsameta_outputs& out = batch.out;
  const std::int64_t first = batch.rows(at.before), start = at.before.kv_len;
  const auto write = [&](const nsameta_vector& vector, auto value) {
    for (std::int64_t row = begin, last = writable(vector, end); row < last; ++row) store_sum(vector, row, value(row));
  };
  const auto expanded = [&](std::int64_t row) { return batch.expanded(at, row - first); };
  if constexpr (decltype(Batch::rule)::deals) {
    const auto clamped = [&](std::int64_t row) { return batch.rule.clamped(expanded(row)); };
    write(out.seqlens_expanded, expanded);
    write(out.nsa_cache_seqlens, clamped);
    if (present(out.nsa_cu_seqlens_k))
      write(out.nsa_cu_seqlens_k, [&, sum = batch.clamped_before(at, begin - first)](std::int64_t row) mutable {
        return std::exchange(sum, saturating_add<std::int64_t>(sum, clamped(row)));
      });
    const auto& fixed = batch.rule.fixed;
    const auto seen = [&](std::int64_t row) { return at.value.first + (row - first) * at.value.step; };
    const auto write_slots = [&](const nsameta_vector& vector, auto slot_at) {
      write(vector, [&](std::int64_t row) {
        const std::int64_t positions = seen(row);
        return batch.rule.writes_key(positions) ? slot_at(positions - 1) : std::int64_t{fixed.keys.pad_slot};
      });
    };
    write(out.positions, [&](std::int64_t row) { return batch.rule.position(seen(row)); });
    write_slots(out.slot_mapping,
                [&](std::int64_t position) { return fixed.keys.in_blocks(at.index, position, fixed.kv_shard); });
    write_slots(out.out_cache_loc, [&](std::int64_t position) { return fixed.keys.in_tokens(at.index, position); });
    write_slots(out.tail_slot_mapping, [&](std::int64_t position) { return batch.rule.tail_slot(at.index, position); });
    if (const std::int64_t last = writable(out.is_padding, end); last > begin)
      std::fill(bytes_of(out.is_padding) + begin, bytes_of(out.is_padding) + last, at.value.is_padding);
  }
  write(out.nsa_cu_seqlens_q, [](std::int64_t row) { return row; });
  write(out.token_to_batch, [&](std::int64_t) { return at.before.kept; });
  write(out.indexer_ks, [&](std::int64_t) { return start; });
  write(out.indexer_ke, [&](std::int64_t row) { return start + expanded(row); });
}

/// The same for rows of any requests, where `at` is the one that holds row `begin`.
template <class Batch>
void write_row_fields(const Batch& batch, located_request at, std::int64_t begin, std::int64_t end) {
  if (!decltype(Batch::rule)::deals && !wants_other_rows(batch.out)) return;
  while (begin < end) {
    const std::int64_t run_end = smaller(batch.rows(at.before) + at.value.rows, end);
    if (run_end > begin) write_run(batch, at, begin, run_end);
    begin = larger(begin, run_end);
    if (begin == end || at.index + 1 == batch.problem.batch_size) return;
    at.before = at.before + batch.totals_of(at.index, at.value);
    at.value = batch.load(++at.index, at.before);
  }
}

}  // namespace nsameta::cpu
