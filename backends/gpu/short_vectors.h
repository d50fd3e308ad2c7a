/// The vectors of a batch whose requests have few rows each, as decode, target_verify and draft_extend have them: one
/// to 32 lanes write the rows of a request. Nothing is searched for.
#pragma once

#include "gpu/short_batch.h"

namespace nsameta::gpu {

/// The blocks that share the rows of the same requests: this one's number, and log2 of how many they are.
struct row_share {
  std::int32_t index, shift;
};

/// What row `j` of a request sees.
NSAMETA_DEVICE std::int32_t length_of_row(const int32_request& r, std::int32_t j) {
  return larger(wrapping_add(r.first, j), 0);
}

/// Writes the outputs of a set.
template <bool lengths_only>
struct vector_writer {
  const short_vectors& out;
  const int32_rule& rule;

  NSAMETA_DEVICE void store(const int32_vector& vector, std::int32_t at, std::int32_t value) const {
    if (at < vector.capacity) vector.data[at] = value;
  }
  /// Row `row`, of request `index`, which sees `length` positions; `clamped_before`: of the rows before it.
  NSAMETA_DEVICE void write_row(std::int32_t row, std::int32_t length, std::int32_t clamped_before,
                                std::int32_t index) const {
    store(out.seqlens_expanded, row, length);
    store(out.nsa_cache_seqlens, row, rule.clamped(length));
    if constexpr (!lengths_only) {
      store(out.nsa_cu_seqlens_k, row, clamped_before);
      store(out.nsa_cu_seqlens_q, row, row);
      store(out.token_to_batch, row, index);
    }
  }
  NSAMETA_DEVICE void write_request(std::int32_t index, const int32_request& r, const vector_sums& before) const {
    store(out.cache_seqlens, index, r.kv_len);
    store(out.cu_seqlens_k, index, before.kv_len);
    store(out.cu_seqlens_q, index, before.tokens);
  }
  /// What follows the last request's sums.
  NSAMETA_DEVICE void write_ends(std::int32_t requests, const vector_sums& all) const {
    store(out.cu_seqlens_k, requests, all.kv_len);
    store(out.cu_seqlens_q, requests, all.tokens);
    store(out.nsa_cu_seqlens_k, all.tokens, all.clamped);
    store(out.nsa_cu_seqlens_q, all.tokens, all.tokens);
    store(out.total_rows, 0, all.tokens);
  }
};

/// Where all requests have the same number of rows and no sum is wanted, nothing needs to be added up.
template <thread_context T>
NSAMETA_DEVICE void write_uniform_lengths(const T& self, const short_batch& batch, const short_vectors& set) {
  const std::int32_t index = own_request(self, batch, self.block()), j = row_lane(self, batch);
  if (index >= batch.requests || j >= batch.uniform_rows) return;
  const int32_rule rule{batch.topk};
  const int32_request r = request_of(batch, set.kv, {load_raw(batch.seq_lens, index), {}});
  vector_writer<true>{set, rule}.write_row(index * batch.uniform_rows + j, length_of_row(r, j), 0, 0);
}

template <bool lengths_only>
using sums_for = std::conditional_t<lengths_only, row_sums, vector_sums>;

/// Group `group` of as many requests as have 2^lanes_shift lanes each in a block. `earlier`: this thread's part of the
/// sums over the requests before the group.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_group(T& self, const short_batch& batch, const short_vectors& set, std::int32_t group,
                                row_share share, const sums_for<lengths_only>& earlier, const raw_lengths& raw,
                                short_memory& shared) {
  using sums_type = sums_for<lengths_only>;
  const std::int32_t index = own_request(self, batch, group), j = row_lane(self, batch);
  const int lanes = 1 << batch.lanes_shift;
  const int32_rule rule{batch.topk};
  const vector_writer<lengths_only> out{set, rule};
  int32_request r{};
  if (index < batch.requests) r = request_of(batch, set.kv, raw);

  // Where each row has a lane, the rows themselves are added up: a request's sum in closed form has more instructions.
  const bool row_a_lane = share.shift == 0 && self.ballot(r.rows > lanes) == 0;
  const std::int32_t length = length_of_row(r, j);
  sums_type own{};
  if (row_a_lane) {
    own.tokens = j < r.rows;
    if constexpr (!lengths_only) {
      own.kv_len = j == 0 ? r.kv_len : 0;
      own.clamped = j < r.rows ? rule.clamped(length) : 0;
    }
  } else if (j == 0) {
    own = sums_of<sums_type>(rule, r);
  }
  lane_sums<sums_type> sums = scan_lanes(self, own, batch.requests << batch.lanes_shift);
  const sums_type before = exclusive_prefix(self, batch, group, earlier, sums.through, shared);
  sums.before = before + sums.before;
  if constexpr (!lengths_only) {
    if (share.index == 0 && j == 0 && index < batch.requests) out.write_request(index, r, sums.before);
    if (share.index == 0 && j == lanes - 1 && index == larger(batch.requests - 1, 0))
      out.write_ends(batch.requests, before + sums.through);
  }
  const auto clamped_of = [](const sums_type& all) {
    if constexpr (lengths_only)
      return 0;
    else
      return all.clamped;
  };
  if (row_a_lane) {
    if (j < r.rows) out.write_row(sums.before.tokens, length, clamped_of(sums.before), index);
    return;
  }
  const sums_type first = self.shuffle(sums.before, lane_of(self) - j);
  const std::int32_t rows = smaller(saturating_add(first.tokens, r.rows), set.row_limit) - first.tokens;
  NSAMETA_UNROLL(1)
  for (std::int32_t k = share.index * lanes + j; k < rows; k += lanes << share.shift)
    out.write_row(first.tokens + k, length_of_row(r, k), saturating_add(clamped_of(first), rule.sum(r, k)), index);
}

/// One group a block.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_vectors(T& self, const short_batch& batch, const short_vectors& set, std::int32_t group,
                                  short_memory& shared) {
  const std::int32_t index = own_request(self, batch, group);
  raw_lengths raw{};
  if (index < batch.requests) raw = load_lengths(batch, index);
  sums_for<lengths_only> earlier{};
  if (group > 0)
    earlier = add_requests<sums_for<lengths_only>>(self, batch, set.kv, 0,
                                                   smaller(first_request(batch, group), batch.requests));
  write_group<lengths_only>(self, batch, set, group, {0, 0}, earlier, raw, shared);
}

}  // namespace nsameta::gpu
