/// The vectors of a batch whose requests have few rows each, as decode, target_verify and draft_extend have them: one
/// to eight lanes write the rows of a request. Nothing is searched for.
#pragma once

#include "gpu/short_batch.h"

namespace nsameta::gpu {

NSAMETA_DEVICE void store(const int32_vector& vector, std::int32_t at, std::int32_t value) {
  if (at < vector.capacity) vector.data[at] = value;
}

/// Where rows go. Copies, because an argument that is read when it is needed is waited for.
struct row_vectors {
  int32_vector seqlens_expanded, nsa_cache_seqlens, nsa_cu_seqlens_k, nsa_cu_seqlens_q, token_to_batch;

  NSAMETA_DEVICE explicit row_vectors(const short_vectors& plan)
      : seqlens_expanded(plan.seqlens_expanded),
        nsa_cache_seqlens(plan.nsa_cache_seqlens),
        nsa_cu_seqlens_k(plan.nsa_cu_seqlens_k),
        nsa_cu_seqlens_q(plan.nsa_cu_seqlens_q),
        token_to_batch(plan.token_to_batch) {}
};

/// The blocks that share the rows of the same requests: this one's number, and log2 of how many they are.
struct row_share {
  std::int32_t index, shift;
};

/// Rows `first`, first + stride, ... of request `r`, number `index`, which `before` precedes.
template <bool lengths_only>
NSAMETA_DEVICE void write_rows(const row_vectors& out, const int32_rule& rule, const int32_request& r,
                               std::int32_t index, const int32_sums& before, std::int32_t row_limit, std::int32_t first,
                               std::int32_t stride) {
  const std::int32_t rows = smaller(saturating_add(before.tokens, r.rows), row_limit) - before.tokens;
  NSAMETA_UNROLL(1)  // as a rule a lane has one row or none
  for (std::int32_t j = first; j < rows; j += stride) {
    const std::int32_t row = before.tokens + j;
    const std::int32_t length = larger(wrapping_add(r.first, j), 0);
    store(out.seqlens_expanded, row, length);
    store(out.nsa_cache_seqlens, row, rule.clamped(length));
    if constexpr (!lengths_only) {
      store(out.nsa_cu_seqlens_k, row, saturating_add(before.clamped, rule.sum(r, j)));
      store(out.nsa_cu_seqlens_q, row, row);
      store(out.token_to_batch, row, index);
    }
  }
}

/// The per-request outputs of request `index`, and, after the last one, the ends of the sums.
NSAMETA_DEVICE void write_request(const short_vectors& out, std::int32_t requests, const int32_request& r,
                                  std::int32_t index, const lane_sums& sums) {
  if (index < requests) {
    store(out.cache_seqlens, index, r.kv_len);
    store(out.cu_seqlens_k, index, sums.before.kv_len);
    store(out.cu_seqlens_q, index, sums.before.tokens);
  }
  if (index != larger(requests - 1, 0)) return;
  const int32_sums& all = sums.through;
  store(out.cu_seqlens_k, requests, all.kv_len);
  store(out.cu_seqlens_q, requests, all.tokens);
  store(out.nsa_cu_seqlens_k, all.tokens, all.clamped);
  store(out.nsa_cu_seqlens_q, all.tokens, all.tokens);
  store(out.total_rows, 0, all.tokens);
}

/// Where all requests have the same number of rows and no sum is wanted, nothing needs to be added up.
template <thread_context T>
NSAMETA_DEVICE void write_uniform_lengths(const T& self, const short_batch& batch, const short_vectors& set) {
  const int shift = batch.lanes_shift;
  const row_vectors out(set);
  const std::int32_t index = self.block() * (tuning::block_threads >> shift) + (self.thread() >> shift);
  if (index >= batch.requests) return;
  int32_sums before{};
  before.tokens = index * batch.uniform_rows;
  const int32_request r = request_of(batch, set.kv, {load_raw(batch.seq_lens, index), {}});
  write_rows<true>(out, int32_rule{batch.topk}, r, index, before, set.row_limit, self.thread() & ((1 << shift) - 1),
                   1 << shift);
}

/// The requests of block `group` of as many as have 2^lanes_shift lanes each: a warp has consecutive ones in its lanes,
/// and writes the rows of as many of them as fit; the next warps write those of the others. `earlier`: this thread's
/// part of the sums over those before the block's.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_group(T& self, const short_batch& batch, const short_vectors& set, std::int32_t group,
                                row_share share, const int32_sums& earlier, const raw_lengths& raw,
                                short_memory& shared) {
  constexpr wanted_totals wanted = lengths_only ? row_sums : vector_sums;
  const int shift = batch.lanes_shift;
  const int lane = lane_of(self), warp = warp_of(self);
  const block_requests block = requests_of_block(self, batch, group);
  const std::int32_t index = own_request(self, batch, group);
  const row_vectors out(set);
  const int32_rule rule{batch.topk};

  int32_request r{};
  if (index >= 0) r = request_of(batch, set.kv, raw);
  lane_sums sums = scan_lanes<wanted>(self, sums_of<wanted>(rule, r));
  const int32_sums before = exclusive_prefix<wanted>(self, block, earlier, sums.through, shared);
  sums.before = before + sums.before;
  sums.through = before + sums.through;
  const std::int32_t first_index = block.first + (warp >> shift) * T::warp_width;
  if constexpr (!lengths_only)
    if (share.index == 0 && warp == block.first_warp && (index >= 0 || first_index + lane == 0))
      write_request(set, batch.requests, r, first_index + lane, sums);

  const int at = (warp - block.first_warp) * (T::warp_width >> shift) + (lane >> shift);
  int32_request theirs{};
  theirs.first = self.shuffle(r.first, at);
  theirs.rows = self.shuffle(r.rows, at);
  const int32_sums theirs_before = totals_of_lane<wanted>(self, sums.before, at);
  write_rows<lengths_only>(out, rule, theirs, first_index + at, theirs_before, set.row_limit,
                           (share.index << shift) + (lane & ((1 << shift) - 1)), 1 << shift << share.shift);
}

/// One group a block.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_vectors(T& self, const short_batch& batch, const short_vectors& set, std::int32_t group,
                                  short_memory& shared) {
  constexpr wanted_totals wanted = lengths_only ? row_sums : vector_sums;
  const std::int32_t index = own_request(self, batch, group);
  raw_lengths raw{};
  if (index >= 0) raw = load_lengths(batch, index);
  const std::int32_t first = requests_of_block(self, batch, group).first;
  const int32_sums earlier = add_requests<wanted>(self, batch, set.kv, 0, smaller(first, batch.requests));
  write_group<lengths_only>(self, batch, set, group, {0, 0}, earlier, raw, shared);
}

}  // namespace nsameta::gpu
