/// What padded graphs and long rows want beyond the short rows: blocks of their own for tails and for the status word,
/// several blocks for the rows of the same requests, several groups of requests for a block.
#pragma once

#include "gpu/short_tables.h"
#include "gpu/short_vectors.h"

namespace nsameta::gpu {

/// What requests add up to where the sums must not end at 2^31 - 1, and the bits that they raise.
struct exact_sums {
  std::int64_t tokens, kv_len, clamped;
  std::uint32_t bits, unused;

  friend NSAMETA_DEVICE exact_sums operator+(const exact_sums& a, const exact_sums& b) {
    return {a.tokens + b.tokens, a.kv_len + b.kv_len, saturating_add(a.clamped, b.clamped), a.bits | b.bits, 0};
  }
};

struct padded_memory : short_memory {
  exact_sums warps[tuning::block_threads / 32];
};

/// Block `block` of those of the vectors, with several groups.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_padded_vectors(T& self, const short_batch& batch, const short_vectors& set,
                                         std::int32_t block, const padded_work& work, short_memory& shared) {
  const row_share share{block & ((1 << work.shares_shift) - 1), work.shares_shift};
  const std::int32_t first_group = (block >> work.shares_shift) * work.block_groups;
  sums_for<lengths_only> earlier{};
  std::int32_t counted = 0;  // requests in `earlier`
  NSAMETA_UNROLL(1)
  for (std::int32_t group = first_group; group < first_group + work.block_groups; ++group) {
    const std::int32_t first = first_request(batch, group);
    if (group > 0 && first >= batch.requests) return;
    const std::int32_t index = own_request(self, batch, group);
    raw_lengths raw{};
    if (index < batch.requests) raw = load_lengths(batch, index);
    earlier = earlier + add_many_requests<sums_for<lengths_only>>(self, batch, set.kv, counted, first);
    counted = first;
    if (group > first_group) self.barrier();  // the sums of the last group may still be read
    write_group<lengths_only>(self, batch, set, group, share, earlier, raw, shared);
  }
}

/// The elements beyond the live ones, of block `block` of `blocks`.
template <thread_context T>
NSAMETA_DEVICE void write_tails(T& self, const short_batch& batch, const short_vectors& set, std::int32_t block,
                                std::int32_t blocks, short_memory& shared) {
  const vector_sums all =
      block_sum(self, add_many_requests<vector_sums>(self, batch, set.kv, 0, batch.requests), shared);
  const std::int32_t thread = block * tuning::block_threads + self.thread(), stride = blocks * tuning::block_threads;
  const auto fill = [&](const int32_vector& vector, std::int32_t live, std::int32_t value) {
    for (std::int32_t i = saturating_add(live, thread); i < vector.capacity; i += stride) vector.data[i] = value;
  };
  const std::int32_t rows = all.tokens, sums = saturating_add(rows, 1);
  fill(set.cache_seqlens, batch.requests, 0);
  fill(set.cu_seqlens_k, batch.requests + 1, all.kv_len);
  fill(set.cu_seqlens_q, batch.requests + 1, rows);
  fill(set.seqlens_expanded, rows, 0);
  fill(set.nsa_cache_seqlens, rows, 0);
  fill(set.nsa_cu_seqlens_k, sums, all.clamped);
  fill(set.nsa_cu_seqlens_q, sums, rows);
}

/// A request of the status word, in int64.
NSAMETA_DEVICE request exact_request(const short_batch& batch, const kv_range& range, const raw_lengths& raw) {
  const int32_request narrow = request_of(batch, range, raw);
  request r{};
  r.kv_len = narrow.kv_len;
  r.tokens = r.rows = narrow.tokens;
  r.first = r.kv_len - r.tokens + 1;
  return r;
}

/// Bits that a request raises.
NSAMETA_DEVICE std::uint32_t bits_of(const short_batch& batch, const table_source& source, const short_set& set,
                                     const request& r, const raw_lengths& raw, std::int32_t index) {
  const auto exact = [](const integer_array& array, raw_integer value) {
    const auto low = static_cast<std::uint32_t>(value.low);
    return !array.is_int64 ? std::int64_t{value.low} : static_cast<std::int64_t>(value.high) * (1ll << 32) + low;
  };
  const std::int64_t kv = exact(batch.seq_lens, raw.kv);
  const std::int64_t tokens = batch.uniform_rows >= 0 ? 0 : exact(batch.extend_seq_lens, raw.tokens);
  std::uint32_t bits = 0;
  if (kv < set.kv.least || tokens < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (kv > set.kv.most || tokens > int32_max) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  if (source.row_a_request && r.tokens > r.kv_len) bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  const int32_table &full = set.page_table_1, &paged = set.real_page_table;
  if ((full.data == nullptr && paged.data == nullptr) || (!source.row_a_request && r.rows == 0)) return bits;
  const std::int64_t live = smaller<std::int64_t>(r.kv_len, source.width);
  const std::int64_t pages = (live + (1 << source.page_shift) - 1) >> source.page_shift;
  if (r.kv_len > source.width || (full.data != nullptr && live > full.width) ||
      (paged.data != nullptr && pages > paged.width))
    bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  const std::int32_t slot = value_of(source.req_pool_indices, load_raw(source.req_pool_indices, index));
  if (slot < 0 || slot >= source.slots) bits |= NSAMETA_BIT_BAD_SLOT;
  return bits;
}

/// Sum of the clamped lengths of the first `rows` rows of the batch, to all lanes; each warp adds up all of it. Only
/// where nsa_cu_seqlens_k is too short.
template <thread_context T>
NSAMETA_DEVICE std::int64_t clamped_before(T& self, const short_batch& batch, const kv_range& range,
                                           std::int64_t rows) {
  const plain_rule rule{batch.topk};
  std::int64_t before = 0, sum = 0;
  for (std::int32_t first = 0; first < batch.requests && before < rows; first += T::warp_width) {
    const std::int32_t index = first + lane_of(self);
    request r{};
    if (index < batch.requests) r = exact_request(batch, range, load_lengths(batch, index));
    std::int64_t through = r.rows;
    for (int delta = 1; delta < T::warp_width; delta *= 2) {
      const std::int64_t earlier = self.shuffle_up(through, delta);
      if (lane_of(self) >= delta) through += earlier;
    }
    const std::int64_t left = rows - before - (through - r.rows);
    std::int64_t own = rule.sum(r, left < 0 ? 0 : smaller(left, r.rows));
    for (int delta = 1; delta < T::warp_width; delta *= 2)
      own = saturating_add(own, self.shuffle(own, lane_of(self) ^ delta));
    sum = saturating_add(sum, own);
    before += self.shuffle(through, T::warp_width - 1);
  }
  return sum;
}

/// The status word, by one block.
template <thread_context T>
NSAMETA_DEVICE void write_status(T& self, const short_batch& batch, const table_source& source, const short_set& set,
                                 std::uint32_t* status, padded_memory& shared) {
  const plain_rule rule{batch.topk};
  exact_sums own{};
  NSAMETA_UNROLL(1)
  for (std::int32_t index = self.thread(); index < batch.requests; index += tuning::block_threads) {
    const raw_lengths raw = load_lengths(batch, index);
    const request r = exact_request(batch, set.kv, raw);
    own = own + exact_sums{r.tokens, r.kv_len, rule.sum(r, r.rows), bits_of(batch, source, set, r, raw, index), 0};
  }
  NSAMETA_UNROLL(1)
  for (int delta = 1; delta < T::warp_width; delta *= 2) own = own + self.shuffle(own, lane_of(self) ^ delta);
  if (lane_of(self) == 0) shared.warps[warp_of(self)] = own;
  self.barrier();
  exact_sums all{};
  NSAMETA_UNROLL(1)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp) all = all + shared.warps[warp];

  const auto is_short = [](const auto& array, std::int64_t capacity, std::int64_t elements) {
    return array.data != nullptr && elements > capacity;
  };
  const auto is_cut = [&](const int32_vector& vector, std::int64_t elements) {
    return is_short(vector, vector.capacity, elements);
  };
  const std::int64_t rows = all.tokens, table_rows = source.row_a_request ? batch.requests : rows;
  const bool sums_cut = is_cut(set.nsa_cu_seqlens_k, rows + 1);
  if (sums_cut || is_cut(set.nsa_cu_seqlens_q, rows + 1) || is_cut(set.seqlens_expanded, rows) ||
      is_cut(set.nsa_cache_seqlens, rows) || is_cut(set.token_to_batch, rows) ||
      is_short(set.page_table_1, set.page_table_1.rows, table_rows) ||
      is_short(set.real_page_table, set.real_page_table.rows, table_rows))
    all.bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  std::int64_t clamped = all.clamped;
  if (sums_cut) clamped = clamped_before(self, batch, set.kv, set.nsa_cu_seqlens_k.capacity - 1);
  const auto overflows = [](const int32_vector& vector, std::int64_t sum) {
    return vector.data != nullptr && sum > int32_max;
  };
  if (overflows(set.cu_seqlens_k, all.kv_len) || overflows(set.cu_seqlens_q, rows) || overflows(set.total_rows, rows) ||
      overflows(set.nsa_cu_seqlens_k, clamped))
    all.bits |= NSAMETA_BIT_CU_OVERFLOW;
  if (self.thread() == 0) *status = all.bits;
}

}  // namespace nsameta::gpu
