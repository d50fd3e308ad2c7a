/// The vector code of a plain batch, for vectors of any width. Requests are taken in blocks: read once, then written to
/// each output. Rows of short requests are first expanded into a buffer that stays in the L1 cache, by whole vectors
/// that overlap, so that a request costs no branch and no output is written beyond its end.
#pragma once

#include "cpu/batch.h"
#include "cpu/length_block.h"
#include "cpu/vector_code.h"

namespace nsameta::cpu {

/// Lengths of a source (cpu/length_block.h) from the i-th on, clamped to [0, limit].
template <int width, class Source>
[[gnu::always_inline]] inline void get_clamped(const Source& source, std::int64_t i, std::int32_t limit,
                                               typename simd<width>::ints& lengths) {
  using ints = typename simd<width>::ints;
  const ints zero{}, most = zero + limit;
  source.get(i, lengths);
  lengths = lengths > zero ? lengths : zero;
  lengths = lengths < most ? lengths : most;
}

/// Writes clamp(length, 0, limit) of `count` lengths to elements [at, at + count) of an output.
template <int width, class Source>
[[gnu::always_inline]] inline void write_lengths(const Source& source, std::int64_t count, std::int32_t limit,
                                                 const nsameta_vector& vector, std::int64_t at) {
  using ints = typename simd<width>::ints;
  if (!present(vector)) return;
  count = std::min(count, vector.capacity - at);
  std::int32_t* const to = static_cast<std::int32_t*>(vector.data) + at;
  ints lengths;
  if (count < width) {
    if (count > 0) get_clamped<width>(source, 0, limit, lengths);
    for (std::int64_t i = 0; i < count; ++i) to[i] = lengths[i];
    return;
  }
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < count - width; i += width) {
    get_clamped<width>(source, i, limit, lengths);
    *reinterpret_cast<typename simd<width>::loose*>(to + i) = lengths;
  }
  get_clamped<width>(source, count - width, limit, lengths);  // over some that are written already
  *reinterpret_cast<typename simd<width>::loose*>(to + count - width) = lengths;
}

/// Writes to the same elements the sum of `sum` and all lengths before each. Returns the sum through all, which is at
/// most `most`; nobody asks for it past the output's end.
template <int width, class Source>
[[gnu::always_inline]] inline std::int64_t write_sums(const Source& source, std::int64_t count, std::int32_t limit,
                                                      std::int64_t sum, std::int64_t most, const nsameta_vector& vector,
                                                      std::int64_t at) {
  using ints = typename simd<width>::ints;
  using words = typename simd<width>::words;
  if (!present(vector) || at >= vector.capacity) return sum;
  const std::int64_t room = std::min(count, vector.capacity - at);
  std::int64_t i = 0;
  ints lengths;
  if (vector.dtype == NSAMETA_INT32 && most <= int32_max) {
    std::int32_t* const to = static_cast<std::int32_t*>(vector.data) + at;
    words before = words{} + static_cast<std::uint32_t>(sum);
    for (; i + width <= room; i += width) {
      get_clamped<width>(source, i, limit, lengths);
      words through = reinterpret_cast<words>(lengths);
      sum_lanes<width>(through);
      const words sums = before + through - reinterpret_cast<words>(lengths);
      *reinterpret_cast<typename simd<width>::loose*>(to + i) = reinterpret_cast<ints>(sums);
      spread_last<width>(through);
      before += through;
    }
    sum = before[0];
  }
  for (; i < count; i += width) {
    get_clamped<width>(source, i, limit, lengths);
    for (std::int64_t lane = 0; lane < std::min<std::int64_t>(width, count - i); ++lane) {
      if (i + lane < room) store_sum(vector, at + i + lane, sum);
      sum += lengths[lane];
    }
  }
  return sum;
}

/// The sum of `count` lengths, each clamped to [0, limit].
template <int width, class Source>
[[gnu::always_inline]] inline std::int64_t sum_of(const Source& source, std::int64_t count, std::int32_t limit) {
  using pairs = typename simd<width>::pairs;
  typename simd<width>::ints lengths;
  pairs sums{};
  for (std::int64_t i = 0; i < count; i += width) {
    get_clamped<width>(source, i, limit, lengths);
    for (std::int64_t lane = count - i; lane < width; ++lane) lengths[lane] = 0;
    // Non-negative, so that two lanes are added as one of twice the size each.
    const pairs two = reinterpret_cast<pairs>(lengths);
    sums += (two & 0xffffffffu) + (two >> 32);
  }
  std::int64_t sum = 0;
  for (int pair = 0; pair < width / 2; ++pair) sum += static_cast<std::int64_t>(sums[pair]);
  return sum;
}

/// The status bits of a block's lengths.
inline std::uint32_t bits_of(const length_block& block, std::int64_t count, const batch_lengths& lengths) {
  std::uint32_t bits = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    if (block.kv[i] < block.least || block.tokens[i * block.tokens_step] < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
    if (block.kv[i] > block.most) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
    if (lengths.query_within_kv && block.tokens_at(i) > block.kv_at(i)) bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
    if (block.kv_at(i) > lengths.limit) bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  }
  return bits;
}

/// Expands a block of requests of few rows: for each row the positions that it sees, before clamping at 0. Returns how
/// many rows, or -1 where they are more than the memory has room for.
template <int width>
[[gnu::always_inline]] inline std::int64_t expand(const length_block& block, std::int64_t count,
                                                  block_memory<width>& memory) {
  using ints = typename simd<width>::ints;
  using words = typename simd<width>::words;
  using loose = typename simd<width>::loose;
  const ints zero{};
  const block_kv<width> lengths(block);
  ints longest{}, kv;
  words places{};
  for (std::int64_t i = 0; i < count; i += width) {
    const ints asked = *reinterpret_cast<const loose*>(block.tokens + i * block.tokens_step);
    const ints q = asked > zero ? asked : zero;
    longest = longest > q ? longest : q;
    lengths.get(i, kv);
    const ints queried = *reinterpret_cast<const loose*>(block.query + i * block.tokens_step);
    const ints query = queried > zero ? queried : zero;
    const words first = reinterpret_cast<words>(kv) - reinterpret_cast<words>(query) + 1;  // of no rows it may wrap
    *reinterpret_cast<loose*>(memory.first + i) = reinterpret_cast<ints>(first);
    words through = reinterpret_cast<words>(q);
    sum_lanes<width>(through);
    const words place = places + through - reinterpret_cast<words>(q);
    *reinterpret_cast<loose*>(memory.place + i) = reinterpret_cast<ints>(place);
    spread_last<width>(through);
    places += through;
  }
  if (any_set<width>(longest > memory.room) || places[0] > memory.room) return -1;
  words iota;
  set_iota<width>(iota);
  const auto write = [&](std::int64_t i, std::int64_t place, std::uint32_t skipped) __attribute__((always_inline)) {
    const words seen = iota + (static_cast<std::uint32_t>(memory.first[i]) + skipped);
    *reinterpret_cast<loose*>(memory.rows + place) = reinterpret_cast<ints>(seen);
  };
  if (!any_set<width>(longest > width)) {
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < count; ++i) write(i, memory.place[i], 0);
  } else {
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t row = 0, rows = block.tokens_at(i); row < rows; row += width)
        write(i, memory.place[i] + row, static_cast<std::uint32_t>(row));
  }
  return places[0];
}

template <int width>
[[gnu::always_inline]] inline totals run(const vector_job& job) {
  const batch_lengths& lengths = job.lengths;
  const nsameta_outputs& out = job.out;
  block_memory<width> memory;
  std::int32_t uniform[width];
  if (lengths.tokens == nullptr) std::fill_n(uniform, width, lengths.uniform_rows);
  const bool dense = is_dense(lengths, out.length_offset);
  const bool one_row_each = lengths.tokens == nullptr && lengths.uniform_rows == 1;
  const std::int32_t limit = lengths.limit, topk = std::min(job.problem.index_topk, limit);
  std::int64_t row = job.row, skipped = job.skipped;
  totals through = job.before;
  std::uint32_t bits = 0;

  const auto write_rows = [&](const auto& rows, std::int64_t count) __attribute__((always_inline)) {
    if (job.counts_clamped) {
      through.clamped = saturating_add(through.clamped, sum_of<width>(rows, count, topk));
      return;
    }
    write_lengths<width>(rows, count, limit, out.seqlens_expanded, row);
    write_lengths<width>(rows, count, topk, out.nsa_cache_seqlens, row);
    through.clamped = write_sums<width>(rows, count, topk, through.clamped, through.clamped + count * topk,
                                        out.nsa_cu_seqlens_k, row);
    row += count;
  };

  for (std::int64_t request = job.request, count = 0; request < job.end_request; request += count) {
    const std::int64_t left = job.end_request - request;
    count = std::min<std::int64_t>(left, tuning::block_requests);
    if (left >= width) count -= count % width;
    length_block block;
    if (dense) {
      block = dense_block(lengths, out.length_offset, request, uniform);
      if (present(out.status)) bits |= bits_of(block, count, lengths);
      if (count < width) block = padded_block<width>(block, count, memory);
    } else {
      block = load_block<width>(lengths, out.length_offset, request, count, memory, bits);
    }
    const block_kv<width> kv(block);
    if (job.counts) {
      const stored<width> tokens{block.tokens, block.tokens_step};
      const totals before = through;
      if (!job.only_tokens) through.kv_len += sum_of<width>(kv, count, limit);
      through.tokens += sum_of<width>(tokens, count, any_length);
      if (job.writes_requests) {
        write_lengths<width>(kv, count, limit, out.cache_seqlens, request);
        write_lengths<width>(kv, count, limit, out.local_cache_seqlens, request);
        write_sums<width>(kv, count, limit, before.kv_len, through.kv_len, out.cu_seqlens_k, request);
        write_sums<width>(tokens, count, any_length, before.tokens, through.tokens, out.cu_seqlens_q, request);
      }
    }
    const std::int64_t room = job.end_row - row;
    if (room == 0) {
      if (!job.counts) break;
    } else if (one_row_each) {
      write_rows(kv, std::min(count, room));
    } else if (const std::int64_t rows = skipped == 0 ? expand<width>(block, count, memory) : -1; rows >= 0) {
      write_rows(stored<width>{memory.rows}, std::min(rows, room));
    } else {
      for (std::int64_t i = 0; i < count && row < job.end_row; ++i, skipped = 0) {
        const std::int64_t tokens = block.tokens_at(i), first = std::int64_t{block.kv_at(i)} - block.query_at(i) + 1;
        if (job.counts_clamped) {
          const nsameta::request r{tokens, tokens, tokens, first, 1, 0, false, 0};
          through.clamped = saturating_add(through.clamped, plain_rule::of(limit, topk).sum(r, tokens));
          continue;
        }
        const std::int64_t end = std::min(row + tokens - skipped, job.end_row);
        std::int64_t seen = first + skipped;
        while (row < end) {
          write_rows(rising_rows<width>(seen), std::min(end - row, tuning::run_rows));
          seen += tuning::run_rows;
        }
      }
    }
  }
  return {through.tokens - job.before.tokens,
          0,
          0,
          through.kv_len - job.before.kv_len,
          through.clamped - job.before.clamped,
          0,
          static_cast<std::int32_t>(job.end_request - job.request),
          bits};
}

}  // namespace nsameta::cpu
