/// The lengths of a plain batch as vector code reads them: a block of requests at a time, and from it whole vectors.
#pragma once

#include <algorithm>
#include <limits>

#include "cpu/request.h"
#include "cpu/simd.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

inline constexpr std::int32_t any_length = std::numeric_limits<std::int32_t>::max();

/// The lengths of a few requests, one after the other, int32.
struct length_block {
  const std::int32_t* kv;      ///< request i has clamp(kv[i], least, most) + added positions
  const std::int32_t* tokens;  ///< and max(0, tokens[i * tokens_step]) rows
  const std::int32_t* query;   ///< of which the last of max(0, query[i * tokens_step]) sees all positions
  std::int64_t tokens_step;    ///< 0 or 1
  std::int32_t least, most, added;

  std::int32_t kv_at(std::int64_t i) const { return std::clamp(kv[i], least, most) + added; }
  std::int32_t tokens_at(std::int64_t i) const { return std::max(tokens[i * tokens_step], 0); }
  std::int32_t query_at(std::int64_t i) const { return std::max(query[i * tokens_step], 0); }
};

template <int width>
struct block_memory {
  static constexpr int requests = tuning::block_requests;
  static_assert(requests % width == 0 && requests * width <= tuning::block_rows);

  alignas(64) std::int32_t kv[requests];
  alignas(64) std::int32_t tokens[requests];
  alignas(64) std::int32_t query[requests];
  alignas(64) std::int32_t first[requests];
  alignas(64) std::int32_t place[requests];
  static constexpr std::int32_t room = tuning::block_rows;
  alignas(64) std::int32_t rows[room + width];
};

/// Whether a batch's lengths lie in memory as a length_block has them.
inline bool is_dense(const batch_lengths& lengths, std::int64_t kv_offset) {
  constexpr std::int64_t far = 1 << 30;
  return !lengths.kv_is_int64 && lengths.kv_stride == 1 && kv_offset > -far && kv_offset < far &&
         lengths.live == nullptr && lengths.rejected == nullptr &&
         (lengths.tokens == nullptr
              ? lengths.uniform_rows < far
              : !lengths.tokens_are_int64 && lengths.tokens_stride == 1 && !lengths.drafts && !lengths.left_aligned());
}

/// The block from `request` on of such lengths. `uniform`: a vector of uniform_rows.
inline length_block dense_block(const batch_lengths& lengths, std::int64_t kv_offset, std::int64_t request,
                                const std::int32_t* uniform) {
  const auto offset = static_cast<std::int32_t>(kv_offset);
  const std::int32_t drafts = lengths.reserved();  // left-aligned rows are not dense
  const std::int32_t* const tokens =
      lengths.tokens == nullptr ? uniform : static_cast<const std::int32_t*>(lengths.tokens) + request;
  return {static_cast<const std::int32_t*>(lengths.kv) + request,
          tokens,
          tokens,
          lengths.tokens == nullptr ? 0 : 1,
          -offset,
          static_cast<std::int32_t>(std::min(int32_max, int32_max - drafts - offset)),
          offset + drafts};
}

/// `count` requests of `block` in whole vectors, of which the last ends with requests of nothing.
template <int width>
[[gnu::always_inline]] inline length_block padded_block(const length_block& block, std::int64_t count,
                                                        block_memory<width>& memory) {
  for (std::int64_t i = 0; i < count; ++i) {
    memory.kv[i] = block.kv_at(i);
    memory.tokens[i] = block.tokens_at(i);
    memory.query[i] = block.query_at(i);
  }
  for (std::int64_t i = count; i % width != 0; ++i) memory.kv[i] = memory.tokens[i] = memory.query[i] = 0;
  return {memory.kv, memory.tokens, memory.query, 1, 0, any_length, 0};
}

/// The same of any lengths, loaded one by one. Adds their status bits.
template <int width>
length_block load_block(const batch_lengths& lengths, std::int64_t kv_offset, std::int64_t request, std::int64_t count,
                        block_memory<width>& memory, std::uint32_t& bits) {
  for (std::int64_t i = 0; i < count; ++i) {
    const nsameta::request r = load_request(lengths, kv_offset, request + i);
    memory.kv[i] = static_cast<std::int32_t>(r.kv_len);
    memory.tokens[i] = static_cast<std::int32_t>(r.tokens);
    memory.query[i] = static_cast<std::int32_t>(r.kv_len - r.first + 1);
    bits |= r.bits;
  }
  return padded_block<width>({memory.kv, memory.tokens, memory.query, 1, 0, any_length, 0}, count, memory);
}

// Sources of lengths, a vector at a time: from the i-th on.

template <int width>
struct block_kv {
  using ints = typename simd<width>::ints;
  const std::int32_t* kv;
  ints least, most, added;

  [[gnu::always_inline]] explicit block_kv(const length_block& block)
      : kv(block.kv), least(ints{} + block.least), most(ints{} + block.most), added(ints{} + block.added) {}
  [[gnu::always_inline]] void get(std::int64_t i, ints& lengths) const {
    const ints given = *reinterpret_cast<const typename simd<width>::loose*>(kv + i);
    const ints bounded = given > most ? most : given;
    lengths = (bounded < least ? least : bounded) + added;
  }
};

/// Of an array, with a step of 0 one vector again and again.
template <int width>
struct stored {
  const std::int32_t* at;
  std::int64_t step = 1;
  [[gnu::always_inline]] void get(std::int64_t i, typename simd<width>::ints& lengths) const {
    lengths = *reinterpret_cast<const typename simd<width>::loose*>(at + i * step);
  }
};

/// Rows of one request, each of which sees a position more than the one before.
template <int width>
struct rising_rows {
  using words = typename simd<width>::words;
  words first;

  [[gnu::always_inline]] explicit rising_rows(std::int64_t seen) {
    set_iota<width>(first);
    first += static_cast<std::uint32_t>(seen);
  }
  [[gnu::always_inline]] void get(std::int64_t i, typename simd<width>::ints& lengths) const {
    const words seen = first + static_cast<std::uint32_t>(i);
    lengths = reinterpret_cast<typename simd<width>::ints>(seen);
  }
};

}  // namespace nsameta::cpu
