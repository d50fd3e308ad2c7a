/// The status word, by one block. Sums are in int64, because those that end at 2^31 - 1 hide that they were longer.
#pragma once

#include "gpu/requests.h"

namespace nsameta::gpu {

using whole_sums = vector_sums<std::int64_t>;

template <class N>
struct status_memory : block_memory<N> {
  whole_sums sums[tuning::block_threads / 32];
  std::uint32_t bits[tuning::block_threads / 32];  ///< that each warp's requests raise
};

/// Bits that a request raises.
template <class N, class T, class Rule>
NSAMETA_DEVICE std::uint32_t bits_of(const block_work<N, T, Rule>& at, const table_source<N>& source,
                                     const output_set<N>& set, std::int32_t reserved, const basic_request<N>& r,
                                     const raw_lengths& raw, N index) {
  const request_batch<N>& batch = at.batch;
  const std::int64_t tokens = batch.uniform_query >= 0 ? 0 : whole_value(batch.extend_seq_lens, raw.tokens);
  const std::int64_t query = query_of(batch, raw);
  std::uint32_t bits = 0;
  if (tokens < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (tokens > int32_max) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  if (query > r.tokens) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (r.is_padding) return bits;
  std::int64_t kv = whole_value(batch.seq_lens, raw.kv);
  if constexpr (Rule::adjusts_lengths)
    if (batch.rejected.data != nullptr) {
      kv = kv_length_of(at, raw);
      if (whole_value(batch.rejected, raw.rejected) < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
    }
  bool within_cache = source.row_a_request;
  if constexpr (Rule::serves_own_rows)
    if (set.has_own_rows()) {
      reserved = 0;
      within_cache = false;
    }
  const std::int64_t most = int32_max + std::int64_t{set.kv_least} - reserved - (query & batch.ragged_drafts);
  if (kv < set.kv_least) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (kv > most) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  if (within_cache && query > r.kv_len) bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  if (r.kv_len > batch.limit || r.kv_len - query + r.tokens > batch.limit) bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  if constexpr (is_general<N>)
    if (set.has_step_vectors())
      bits |= key_bits(at.rule, r, index, set.slot_mapping.data != nullptr, set.out_cache_loc.data != nullptr,
                       set.tail_slot_mapping.data != nullptr);
  bool wanted = false;
  for_each_table(set, [&](const output_table<N>& table, table_member) { wanted |= table.data != nullptr; });
  if (!wanted || !at.rule.keeps(r) || (!source.row_a_request && r.owned == 0)) return bits;
  const N kv_len = smaller(r.kv_len, N{batch.limit}), live = smaller(kv_len, source.width);
  const auto lacks = [](const output_table<N>& table, N columns) {
    return table.data != nullptr && columns > table.width;
  };
  bool exceeded =
      kv_len > source.width || lacks(set.page_table_1, live) || lacks(set.real_page_table, source.page.pages(live));
  if constexpr (is_general<N>) exceeded |= lacks(set.local_page_table_1, at.rule.fixed.kv_shard(live));
  if (exceeded) bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  const N slot = value_of(source.req_pool_indices, load_raw(source.req_pool_indices, index));
  if (slot < 0 || slot >= source.slots) bits |= NSAMETA_BIT_BAD_SLOT;
  return bits;
}

/// Whether `sum_of(r, j, before)` is beyond int32 for row `j` of any request `r` in a part of the rows: the last one up
/// to row `row` of all. `before`: what comes before the request in the batch, and on return before the next part. Each
/// warp looks for itself.
template <class N, class T, class Rule, class Sum>
NSAMETA_DEVICE bool overflows_in_part(const block_work<N, T, Rule>& at, std::int64_t row, const Sum& sum_of,
                                      whole_sums& before) {
  constexpr N lanes = T::warp_width;
  T& self = at.self;
  N tokens = 0;
  for (N index = lane_of(self); index - lane_of(self) < at.batch.requests; index += lanes) {
    basic_request<N> r{};
    if (index < at.batch.requests) r = request_of(at, index, load_lengths(at, index));
    if constexpr (Rule::deals) {
      const auto dealt = scan_lanes(self, row_sums<N>{r.tokens, 0, 0}, lanes);
      at.rule.deal(r, tokens + dealt.before.rows);
      tokens += self.shuffle(dealt.through.rows, T::warp_width - 1);
    }
    const auto sums = scan_lanes(self, sums_of<whole_sums>(at.batch, at.rule, r), lanes);
    const whole_sums own_before = before + sums.before;
    const auto last = smaller<std::int64_t>(row - own_before.rows, r.rows - 1);  // below 0: none
    if (self.ballot(last >= 0 && sum_of(r, static_cast<N>(last), own_before) > int32_max) != 0) return true;
    before = before + self.shuffle(sums.through, T::warp_width - 1);
    if (before.rows > row) return false;
  }
  return false;
}
/// The same in all parts, where row `row` exists.
template <class N, class T, class Rule, class Sum>
NSAMETA_DEVICE bool overflows_up_to(block_work<N, T, Rule> at, std::int64_t row, const Sum& sum_of) {
  whole_sums before{};
  bool found = false;
  for_each_part(at, [&] {
    before = rows_alone(before);
    found = found || overflows_in_part(at, row, sum_of, before);
  });
  return found;
}

/// Sum of the clamped lengths of all rows before row `j` of a request. No lambda, which a compiler may choose not to
/// inline.
template <class N, class Rule>
struct clamped_before_row {
  const Rule& rule;
  NSAMETA_DEVICE std::int64_t operator()(const basic_request<N>& r, N j, const whole_sums& before) const {
    return saturating_add(before.clamped, rule.sum(r, j));
  }
};

/// Whether a written int32 sum saturated. Sums only grow along an array, so the last element written tells; where the
/// array is too short, that is looked for. Those of the indexer do not grow where tokens are padded to rows, or where
/// rows come in two parts.
template <class N, class T, class Rule>
NSAMETA_DEVICE bool any_sum_overflowed(const block_work<N, T, Rule>& at, const whole_sums& all) {
  const vector_outputs<N>& set = at.set;
  const auto last_of = [](const output_vector<N>& vector, std::int64_t live) {
    return smaller<std::int64_t>(vector.capacity, live) - 1;
  };
  const auto is_beyond = [&](const output_vector<N>& vector, std::int64_t sum) {
    return vector.has_int32() && sum > int32_max;
  };
  const std::int64_t last_sum = last_of(set.nsa_cu_seqlens_k, all.rows + 1);
  if (is_beyond(set.cu_seqlens_k, all.kv_len) || is_beyond(set.cu_seqlens_q, all.rows) ||
      is_beyond(set.total_rows, all.rows) ||
      is_beyond(set.nsa_cu_seqlens_q, last_of(set.nsa_cu_seqlens_q, all.rows + 1)) ||
      (last_sum == all.rows && is_beyond(set.nsa_cu_seqlens_k, all.clamped)))
    return true;
  if constexpr (is_general<N>)
    if (is_beyond(set.last_token_index, all.rows - 1)) return true;
  if (last_sum < all.rows && set.nsa_cu_seqlens_k.has_int32() &&
      overflows_up_to(at, last_sum, clamped_before_row<N, Rule>{at.rule}))
    return true;
  if constexpr (is_general<N>) {
    const std::int64_t last_ks = last_of(set.indexer_ks, all.rows), last_ke = last_of(set.indexer_ke, all.rows);
    if (last_ks >= 0 &&
        overflows_up_to(at, last_ks, [](const request&, N, const whole_sums& before) { return before.kv_len; }))
      return true;
    return last_ke >= 0 && overflows_up_to(at, last_ke, [&](const request& r, N j, const whole_sums& before) {
             return before.kv_len + length_of_row<N>(at.rule, r, j);
           });
  }
  return false;
}

/// `more_bits(index)`: what else a request raises; `more_bits.of_lists(sums)`: what lists raise.
template <class N, class T, class Rule, class MoreBits>
NSAMETA_DEVICE void write_status(block_work<N, T, Rule> at, const table_source<N>& source, const output_set<N>& set,
                                 std::int32_t reserved, std::uint32_t* status, status_memory<N>& shared,
                                 const MoreBits& more_bits) {
  T& self = at.self;
  whole_sums own{};
  std::uint32_t bits = 0;
  for_each_part(at, [&] {
    own = rows_alone(own);
    visit_requests<1>(at, N{at.batch.requests}, [&](N index, const raw_lengths& raw, const basic_request<N>& r) {
      own = own + sums_of<whole_sums>(at.batch, at.rule, r);
      bits |= bits_of(at, source, set, reserved, r, raw, index) | more_bits(index);
    });
  });
  for (int delta = 1; delta < T::warp_width; delta *= 2) bits |= self.shuffle(bits, lane_of(self) ^ delta);
  if (lane_of(self) == 0) shared.bits[warp_of(self)] = bits;
  const whole_sums all = block_sum(self, shared.sums, own);
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp) bits |= shared.bits[warp];

  const std::int64_t table_rows = source.row_a_request ? all.kept : all.rows;
  bool exceeded = false;
  for_each_table(set, [&](const output_table<N>& table, table_member) {
    exceeded |= table.data != nullptr && table_rows > table.rows;
  });
  for_each_vector(set, [&](const auto& vector, auto field) {
    if constexpr (field.per_row) exceeded |= vector.data != nullptr && all.rows + field.has_last_sum > vector.capacity;
  });
  if (exceeded) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  bits |= more_bits.of_lists(shared.sums);
  if (any_sum_overflowed(at, all)) bits |= NSAMETA_BIT_CU_OVERFLOW;
  if (self.thread() == 0) *status = bits;
}

}  // namespace nsameta::gpu
