/// The status word, by one block.
#pragma once

#include "gpu/requests.h"

namespace nsameta::gpu {

struct status_memory : block_memory<std::int64_t> {
  std::uint32_t bits[tuning::block_threads / 32];  ///< that each warp's requests raise
};

using int64_set = output_set<std::int64_t>;
using int64_sums = vector_sums<std::int64_t>;
template <class T>
using int64_work = block_work<std::int64_t, T>;

/// Bits that a request raises. `keeps`: whether it has outputs on this rank.
NSAMETA_DEVICE std::uint32_t bits_of(const request_batch<std::int64_t>& batch, const table_source<std::int64_t>& source,
                                     const int64_set& set, const request& r, bool keeps, const raw_lengths& raw,
                                     std::int64_t index) {
  const std::int64_t kv = value_of(batch.seq_lens, raw.kv);
  const std::int64_t tokens = batch.uniform_rows >= 0 ? 0 : value_of(batch.extend_seq_lens, raw.tokens);
  std::uint32_t bits = 0;
  if (kv < set.kv.least || tokens < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (kv > set.kv.most || tokens > int32_max) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  if (source.row_a_request && r.tokens > r.kv_len) bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  const output_table<std::int64_t>&full = set.page_table_1, &paged = set.real_page_table;
  if ((full.data == nullptr && paged.data == nullptr) || !keeps || (!source.row_a_request && r.rows == 0)) return bits;
  const std::int64_t live = smaller(r.kv_len, source.width);
  const std::int64_t pages = (live + (1 << source.page_shift) - 1) >> source.page_shift;
  if (r.kv_len > source.width || (full.data != nullptr && live > full.width) ||
      (paged.data != nullptr && pages > paged.width))
    bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  const std::int64_t slot = value_of(source.req_pool_indices, load_raw(source.req_pool_indices, index));
  if (slot < 0 || slot >= source.slots) bits |= NSAMETA_BIT_BAD_SLOT;
  return bits;
}

/// Whether `sum_of(r, before)` is beyond int32 for the request that holds row `row`, which exists, and what comes
/// before it in the batch. Each warp looks for itself.
template <class T, class Sum>
NSAMETA_DEVICE bool overflows_at(const int64_work<T>& at, std::int64_t row, Sum sum_of) {
  constexpr std::int64_t lanes = T::warp_width;
  T& self = at.self;
  int64_sums before{};
  std::int64_t tokens = 0;
  for (std::int64_t index = lane_of(self); index - lane_of(self) < at.batch.requests; index += lanes) {
    request r{};
    if (index < at.batch.requests) r = request_of(at.batch, at.set.kv, load_lengths(at.batch, index));
    const auto dealt = scan_lanes(self, row_sums<std::int64_t>{r.tokens, 0}, lanes);
    at.rule.deal(r, tokens + dealt.before.rows);
    tokens += self.shuffle(dealt.through.rows, T::warp_width - 1);
    const auto sums = scan_lanes(self, sums_of<int64_sums>(at.batch, at.rule, r), lanes);
    const int64_sums own_before = before + sums.before;
    const bool holds = own_before.rows <= row && row < own_before.rows + r.rows;
    if (self.ballot(holds) != 0) return self.ballot(holds && sum_of(r, own_before) > int32_max) != 0;
    before = before + self.shuffle(sums.through, T::warp_width - 1);
  }
  return false;
}

/// Sum of the clamped lengths of all rows before row `row`, which is one of `r`'s. No lambda, which a compiler may
/// choose not to inline.
struct clamped_before_row {
  const general_rule& rule;
  std::int64_t row;
  NSAMETA_DEVICE std::int64_t operator()(const request& r, const int64_sums& before) const {
    return saturating_add(before.clamped, rule.sum(r, row - before.rows));
  }
};

/// Whether a written int32 sum saturated. Sums only grow along an array, so the last element written tells; where the
/// array is too short, that is looked for.
template <class T>
NSAMETA_DEVICE bool any_sum_overflowed(const int64_work<T>& at, const int64_sums& all) {
  const vector_outputs<std::int64_t>& set = at.set;
  const auto is_int32 = [](const output_vector<std::int64_t>& vector) {
    return vector.capacity > 0 && !vector.is_int64;
  };
  const auto last_of = [](const output_vector<std::int64_t>& vector, std::int64_t live) {
    return smaller<std::int64_t>(vector.capacity, live) - 1;
  };
  const auto is_beyond = [&](const output_vector<std::int64_t>& vector, std::int64_t sum) {
    return is_int32(vector) && sum > int32_max;
  };
  const std::int64_t last_sum = last_of(set.nsa_cu_seqlens_k, all.rows + 1);
  if (is_beyond(set.cu_seqlens_k, all.kv_len) || is_beyond(set.cu_seqlens_q, all.rows) ||
      is_beyond(set.total_rows, all.rows) ||
      is_beyond(set.nsa_cu_seqlens_q, last_of(set.nsa_cu_seqlens_q, all.rows + 1)) ||
      (last_sum == all.rows && is_beyond(set.nsa_cu_seqlens_k, all.clamped)))
    return true;
  if (last_sum < all.rows && is_int32(set.nsa_cu_seqlens_k) &&
      overflows_at(at, last_sum, clamped_before_row{at.rule, last_sum}))
    return true;
  const std::int64_t last_ks = last_of(set.indexer_ks, all.rows), last_ke = last_of(set.indexer_ke, all.rows);
  if (last_ks >= 0 && overflows_at(at, last_ks, [](const request&, const int64_sums& before) { return before.kv_len; }))
    return true;
  return last_ke >= 0 && overflows_at(at, last_ke, [&](const request& r, const int64_sums& before) {
           return before.kv_len + length_of_row<std::int64_t>(at.rule, r, last_ke - before.rows);
         });
}

template <class T>
NSAMETA_DEVICE void write_status(const int64_work<T>& at, const table_source<std::int64_t>& source,
                                 const int64_set& set, std::uint32_t* status, status_memory& shared) {
  T& self = at.self;
  int64_sums own{};
  std::uint32_t bits = 0;
  visit_requests<1>(at, std::int64_t{at.batch.requests},
                    [&](std::int64_t index, const raw_lengths& raw, const request& r) {
                      own = own + sums_of<int64_sums>(at.batch, at.rule, r);
                      bits |= bits_of(at.batch, source, set, r, at.rule.keeps(r), raw, index);
                    });
  for (int delta = 1; delta < T::warp_width; delta *= 2) bits |= self.shuffle(bits, lane_of(self) ^ delta);
  if (lane_of(self) == 0) shared.bits[warp_of(self)] = bits;
  const int64_sums all = block_sum(at, own);
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp) bits |= shared.bits[warp];

  bool exceeded = false;
  const auto check = [&](const auto& array, std::int64_t capacity, std::int64_t elements) {
    exceeded = exceeded || (array.data != nullptr && elements > capacity);
  };
  const std::int64_t table_rows = source.row_a_request ? all.kept : all.rows;
  check(set.page_table_1, set.page_table_1.rows, table_rows);
  check(set.real_page_table, set.real_page_table.rows, table_rows);
  check(set.nsa_cu_seqlens_k, set.nsa_cu_seqlens_k.capacity, all.rows + 1);
  check(set.nsa_cu_seqlens_q, set.nsa_cu_seqlens_q.capacity, all.rows + 1);
  check(set.seqlens_expanded, set.seqlens_expanded.capacity, all.rows);
  check(set.nsa_cache_seqlens, set.nsa_cache_seqlens.capacity, all.rows);
  check(set.token_to_batch, set.token_to_batch.capacity, all.rows);
  check(set.indexer_ks, set.indexer_ks.capacity, all.rows);
  check(set.indexer_ke, set.indexer_ke.capacity, all.rows);
  if (exceeded) bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (any_sum_overflowed(at, all)) bits |= NSAMETA_BIT_CU_OVERFLOW;
  if (self.thread() == 0) *status = bits;
}

}  // namespace nsameta::gpu
