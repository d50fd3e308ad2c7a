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
NSAMETA_DEVICE void write_request(const short_vectors& plan, std::int32_t requests, const int32_request& r,
                                  std::int32_t index, const lane_sums& sums) {
  if (index < requests) {
    store(plan.cache_seqlens, index, r.kv_len);
    store(plan.cu_seqlens_k, index, sums.before.kv_len);
    store(plan.cu_seqlens_q, index, sums.before.tokens);
  }
  if (index != larger(requests - 1, 0)) return;
  const int32_sums& all = sums.through;
  store(plan.cu_seqlens_k, requests, all.kv_len);
  store(plan.cu_seqlens_q, requests, all.tokens);
  store(plan.nsa_cu_seqlens_k, all.tokens, all.clamped);
  store(plan.nsa_cu_seqlens_q, all.tokens, all.tokens);
  store(plan.total_rows, 0, all.tokens);
}

/// Where all requests have the same number of rows and no sum is wanted, nothing needs to be added up.
template <thread_context T>
NSAMETA_DEVICE void write_uniform_lengths(const T& self, const vector_plan& plan) {
  const short_batch& batch = plan.batch;
  const int shift = plan.vectors.lanes_shift;
  const row_vectors out(plan.vectors);
  const std::int32_t index = self.block() * (tuning::block_threads >> shift) + (self.thread() >> shift);
  if (index >= batch.requests) return;
  int32_sums before{};
  before.tokens = index * batch.uniform_rows;
  const std::int32_t kv = value_of(batch.seq_lens, load_raw(batch.seq_lens, index));
  write_rows<true>(out, int32_rule{plan.vectors.topk}, request_of(batch, kv, batch.uniform_rows), index, before,
                   plan.vectors.row_limit, self.thread() & ((1 << shift) - 1), 1 << shift);
}

/// A warp has consecutive requests in its lanes, and writes the rows of as many of them as fit when each has
/// 2^lanes_shift lanes; the next warps write those of the others.
template <bool lengths_only, thread_context T>
NSAMETA_DEVICE void write_vectors(T& self, const vector_plan& plan, short_memory& shared) {
  constexpr wanted_totals wanted = lengths_only ? row_sums : vector_sums;
  const short_batch& batch = plan.batch;
  const short_vectors& vectors = plan.vectors;
  const int shift = vectors.lanes_shift;
  const int lane = lane_of(self), warp = warp_of(self);
  const std::int32_t count = tuning::block_threads >> shift;
  const block_requests block{self.block() * count, count, warp >> shift << shift};
  const std::int32_t index = block.first + (warp >> shift) * T::warp_width + lane;
  const bool in_block = index < smaller(block.first + count, batch.requests);
  const row_vectors out(vectors);
  const int32_rule rule{vectors.topk};

  raw_lengths raw{};
  if (in_block) raw = load_lengths(batch, index);
  const int32_sums earlier = add_requests<wanted>(self, batch, rule, smaller(block.first, batch.requests));
  int32_request r{};
  if (in_block) r = request_of(batch, raw);
  lane_sums sums = scan_lanes<wanted>(self, sums_of<wanted>(rule, r));
  const int32_sums before = exclusive_prefix<wanted>(self, block, earlier, sums.through, shared);
  sums.before = before + sums.before;
  sums.through = before + sums.through;
  if constexpr (!lengths_only)
    if (warp == block.first_warp && (in_block || index == 0)) write_request(vectors, batch.requests, r, index, sums);

  const int at = (warp - block.first_warp) * (T::warp_width >> shift) + (lane >> shift);
  int32_request theirs{};
  theirs.first = self.shuffle(r.first, at);
  theirs.rows = self.shuffle(r.rows, at);
  const int32_sums theirs_before = totals_of_lane<wanted>(self, sums.before, at);
  write_rows<lengths_only>(out, rule, theirs, index - lane + at, theirs_before, vectors.row_limit,
                           lane & ((1 << shift) - 1), 1 << shift);
}

}  // namespace nsameta::gpu
