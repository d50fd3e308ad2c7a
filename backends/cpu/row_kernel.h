/// From a window of rows to the outputs.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "common/stores.h"
#include "cpu/row_window.h"

namespace nsameta::cpu {

/// Bytes of a cache line: what streaming stores should fill.
inline constexpr std::int64_t line = 64;

/// Elements from `to` to the start of the next cache line.
inline std::int64_t to_line(const std::int32_t* to) {
  return static_cast<std::int64_t>((0 - reinterpret_cast<std::uintptr_t>(to)) % line / sizeof *to);
}

/// Calls `write(i, value)` with the vectors max(0, seen[i...]) that cover `count` rows, or nothing when these are fewer
/// than a vector.
template <int width, class Write>
[[gnu::always_inline]] inline void cover(const std::int32_t* seen, std::int64_t count, Write write) {
  using ints = typename lanes<width>::ints;
  using loose = typename lanes<width>::loose;
  const ints zero{};
  const auto at = [&](std::int64_t i) __attribute__((always_inline)) {
    const ints given = *reinterpret_cast<const loose*>(seen + i);
    write(i, given > zero ? given : zero);
  };
  if (count < width) return;
#pragma GCC unroll 4
  for (std::int64_t i = 0; i < count - width; i += width) at(i);
  at(count - width);  // over some that are written already
}

/// to[i] = clamp(seen[i], 0, limit)
template <int width>
[[gnu::always_inline]] inline void write_lengths(const std::int32_t* __restrict seen, std::int64_t count,
                                                 std::int32_t limit, std::int32_t* __restrict to) {
  using ints = typename lanes<width>::ints;
  const ints most = ints{} + limit;
  cover<width>(seen, count, [&](std::int64_t i, const ints& length) __attribute__((always_inline)) {
    *reinterpret_cast<typename lanes<width>::loose*>(to + i) = length < most ? length : most;
  });
  if (count < width)
    for (std::int64_t i = 0; i < count; ++i) to[i] = std::clamp(seen[i], 0, limit);
}

/// Both fields in one go.
template <int width>
[[gnu::always_inline]] inline void write_both(const std::int32_t* __restrict seen, std::int64_t count,
                                              std::int32_t topk, std::int32_t* __restrict expanded,
                                              std::int32_t* __restrict clamped) {
  using ints = typename lanes<width>::ints;
  using loose = typename lanes<width>::loose;
  const ints most = ints{} + topk;
  cover<width>(seen, count, [&](std::int64_t i, const ints& length) __attribute__((always_inline)) {
    *reinterpret_cast<loose*>(expanded + i) = length;
    *reinterpret_cast<loose*>(clamped + i) = length < most ? length : most;
  });
  if (count < width)
    for (std::int64_t i = 0; i < count; ++i) {
      expanded[i] = std::max(seen[i], 0);
      clamped[i] = std::min(expanded[i], topk);
    }
}

/// The same without a trace in the caches.
template <int width>
[[gnu::always_inline]] inline void stream_lengths(const std::int32_t* __restrict seen, std::int64_t count,
                                                  std::int32_t limit, std::int32_t* __restrict to) {
#if defined(__SSE2__)
  using ints = lanes<4>::ints;
  using loose = lanes<4>::loose;
  std::int64_t i = std::min(count, to_line(to));
  write_lengths<width>(seen, i, limit, to);
  const ints zero{};
  const ints most = zero + limit;
  for (; i + 16 <= count; i += 16)
    for (std::int64_t j = i; j < i + 16; j += 4) {
      const ints given = *reinterpret_cast<const loose*>(seen + j);
      const ints positive = given > zero ? given : zero;
      const ints clamped = positive < most ? positive : most;
      _mm_stream_si128(reinterpret_cast<__m128i*>(to + j), reinterpret_cast<const __m128i&>(clamped));
    }
  write_lengths<width>(seen + i, count - i, limit, to + i);
#else
  write_lengths<width>(seen, count, limit, to);
#endif
}

inline void finish_streaming() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

/// to[i] = sum before row i; returns the sum through all rows. No sum may pass 2^31 - 1.
template <int width>
[[gnu::always_inline]] inline std::int64_t write_small_sums(const std::int32_t* __restrict seen, std::int64_t count,
                                                            std::int32_t topk, std::int64_t sum,
                                                            std::int32_t* __restrict to, std::int64_t writable) {
  using ints = typename lanes<width>::ints;
  using words = typename lanes<width>::words;
  using loose = typename lanes<width>::loose;
  const ints zero{};
  const ints most = zero + topk;
  words before = words{} + static_cast<std::uint32_t>(sum);
  std::int64_t i = 0;
  for (; i + width <= writable; i += width) {
    const ints given = *reinterpret_cast<const loose*>(seen + i);
    const ints positive = given > zero ? given : zero;
    const ints clamped = positive < most ? positive : most;
    words through = reinterpret_cast<words>(clamped);
    sum_lanes<width>(through);
    const words sums = before + through - reinterpret_cast<words>(clamped);
    *reinterpret_cast<loose*>(to + i) = reinterpret_cast<ints>(sums);
    spread_last<width>(through);
    before += through;
  }
  sum = before[0];
  for (; i < count; ++i) {
    if (i < writable) to[i] = static_cast<std::int32_t>(sum);
    sum += std::clamp(seen[i], 0, topk);
  }
  return sum;
}

/// The same of any size, saturated to what the output holds.
inline std::int64_t write_large_sums(const std::int32_t* seen, std::int64_t count, std::int32_t topk, std::int64_t sum,
                                     const nsameta_vector& vector, std::int64_t begin, std::int64_t writable) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (i < writable) store_sum(vector, begin + i, sum);
    sum = saturating_add<std::int64_t>(sum, std::clamp(seen[i], 0, topk));
  }
  return sum;
}

/// Both fields of `count` rows of which the first sees `seen` positions and each other one more.
template <int width>
[[gnu::always_inline]] inline void write_run(std::int64_t seen, std::int64_t count, std::int32_t topk,
                                             std::int32_t* __restrict expanded, std::int32_t* __restrict clamped) {
  using ints = typename lanes<width>::ints;
  using words = typename lanes<width>::words;
  using loose = typename lanes<width>::loose;
  if (count < width) {
    for (std::int64_t i = 0; i < count; ++i) {
      expanded[i] = static_cast<std::int32_t>(std::max<std::int64_t>(seen + i, 0));
      clamped[i] = std::min(expanded[i], topk);
    }
    return;
  }
  const ints zero{};
  const ints most = zero + topk;
  words row;
  set_iota<width>(row);
  row += static_cast<std::uint32_t>(seen);
  const auto write = [&](std::int64_t i) __attribute__((always_inline)) {
    const ints given = reinterpret_cast<ints>(row);
    const ints length = given > zero ? given : zero;
    *reinterpret_cast<loose*>(expanded + i) = length;
    *reinterpret_cast<loose*>(clamped + i) = length < most ? length : most;
  };
  const words last = row + static_cast<std::uint32_t>(count - width);
#pragma GCC unroll 2
  for (std::int64_t i = 0; i + width < count; i += width, row += width) write(i);
  row = last;
  write(count - width);  // over some that are written already
}

/// Rows of both length fields and nothing else, each with room for all of them: what most steps ask for. Long runs of
/// rows go to the outputs straight.
template <int width>
[[gnu::always_inline]] inline row_progress write_pairs(const row_job& job) {
  std::int32_t* const expanded = static_cast<std::int32_t*>(job.out.seqlens_expanded.data);
  std::int32_t* const clamped = static_cast<std::int32_t*>(job.out.nsa_cache_seqlens.data);
  row_window_memory<width> memory;
  row_window<width> window(memory, job.lengths, job.request, job.skipped);
  for (std::int64_t row = job.begin;;) {
    const bool longer = window.take_in(job.end - row, true);
    const std::int64_t held = window.held(), count = std::min(held, job.end - row);
    write_both<width>(window.rows(), count, job.topk, expanded + row, clamped + row);
    row += count;
    if (row == job.end || window.exhausted()) return {window.request(), row - count + held - window.skipped(), 0};
    window.clear();
    if (!longer) continue;
    window.pass_by(job.end - row, [&](std::int64_t seen, std::int64_t passed) __attribute__((always_inline)) {
      write_run<width>(seen, passed, job.topk, expanded + row, clamped + row);
      row += passed;
    });
    if (row == job.end || window.exhausted()) return {window.request(), row - window.skipped(), 0};
  }
}

/// Any of the fields, of any capacities.
template <int width>
[[gnu::always_inline]] inline row_progress write_any(const row_job& job) {
  const nsameta_outputs& out = job.out;
  row_window_memory<width> memory;
  row_window<width> window(memory, job.lengths, job.request, job.skipped);
  std::int64_t row = job.begin, sum = job.clamped_before;

  const auto write = [&](const nsameta_vector& vector, std::int32_t limit, std::int64_t count)
                         __attribute__((always_inline)) {
                           const std::int64_t writable = std::min(count, vector.capacity - row);
                           if (!present(vector) || writable <= 0) return;
                           std::int32_t* const to = static_cast<std::int32_t*>(vector.data) + row;
                           if (job.streaming)
                             stream_lengths<width>(window.rows(), writable, limit, to);
                           else
                             write_lengths<width>(window.rows(), writable, limit, to);
                         };

  for (;;) {
    window.take_in(job.end - row, false);
    const std::int64_t seen = row + window.held();
    std::int64_t count = std::min(window.held(), job.end - row);
    // Up to the end of a cache line of the first output; the others mostly stand alike.
    if (job.streaming && count > 2 * line && row + count < job.end)
      count -= static_cast<std::int64_t>(
          (reinterpret_cast<std::uintptr_t>(out.seqlens_expanded.data) / 4 + static_cast<std::uintptr_t>(row + count)) %
          (line / 4));
    write(out.seqlens_expanded, std::numeric_limits<std::int32_t>::max(), count);
    write(out.nsa_cache_seqlens, job.topk, count);
    if (const nsameta_vector& sums = out.nsa_cu_seqlens_k; present(sums)) {
      const std::int64_t writable = std::clamp<std::int64_t>(sums.capacity - row, 0, count);
      if (sums.dtype == NSAMETA_INT32 && sum <= int32_max - count * job.topk)
        sum = write_small_sums<width>(window.rows(), count, job.topk, sum, static_cast<std::int32_t*>(sums.data) + row,
                                      writable);
      else
        sum = write_large_sums(window.rows(), count, job.topk, sum, sums, row, writable);
    }
    row += count;
    if (row == job.end || (row == seen && window.exhausted())) {
      if (job.streaming) finish_streaming();
      return {window.request(), seen - window.skipped(), sum};
    }
    window.drop(count);
  }
}

template <int width>
[[gnu::always_inline]] inline row_progress write_rows(const row_job& job) {
  const nsameta_outputs& out = job.out;
  const bool pairs = !job.streaming && present(out.seqlens_expanded) && present(out.nsa_cache_seqlens) &&
                     !present(out.nsa_cu_seqlens_k) && out.seqlens_expanded.capacity >= job.end &&
                     out.nsa_cache_seqlens.capacity >= job.end;
  return pairs ? write_pairs<width>(job) : write_any<width>(job);
}

}  // namespace nsameta::cpu
