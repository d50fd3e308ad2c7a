/// Rows of a dense batch, a window of them at a time: expanded from requests into a buffer that stays in the L1 cache, by
/// whole vectors that overlap, then written from there to each output. So short requests cost no branches, and nothing
/// but the buffer is ever written beyond its end.
#pragma once

#include "cpu/lanes.h"
#include "cpu/row_job.h"

namespace nsameta::cpu {

/// For each row the KV positions that it sees, before clamping at 0.
template <int width>
class row_window {
  using ints = typename lanes<width>::ints;
  using words = typename lanes<width>::words;
  using loose = typename lanes<width>::loose;

 public:
  static constexpr std::int64_t enough = 1024;  ///< rows: 4 KiB

  [[gnu::always_inline]] row_window(const dense_lengths& lengths, std::int64_t request, std::int64_t skipped)
      : lengths_(lengths), request_(request), skipped_(skipped) {}

  const std::int32_t* rows() const { return rows_; }
  std::int64_t held() const { return held_; }
  bool exhausted() const { return request_ == lengths_.requests; }
  std::int64_t request() const { return request_; }
  std::int64_t skipped() const { return skipped_; }  ///< rows of `request` that were taken in

  /// Takes in rows until `wanted` or `enough` are held, or there are no more.
  [[gnu::always_inline]] void take_in(std::int64_t wanted) {
    wanted = std::min(wanted, enough);
    while (held_ < wanted && !exhausted()) {
      const std::int64_t count = std::min<std::int64_t>(block, lengths_.requests - request_);
      if (prepare(count) && skipped_ == 0) [[likely]] {
        take_short(count);
      } else {
        take_any(count, wanted);
      }
    }
  }

  void clear() { held_ = 0; }

  /// Lets go of the first `count` rows.
  [[gnu::always_inline]] void drop(std::int64_t count) {
    held_ -= count;
    std::copy(rows_ + count, rows_ + count + held_, rows_);
  }

 private:
  static constexpr int block = 64;  ///< requests

  /// Finds the first row and the place of each of `count` requests; true when none has more rows than a vector.
  [[gnu::always_inline]] bool prepare(std::int64_t count) {
    const ints zero{};
    ints longest{};
    words places{};
    for (std::int64_t i = 0; i < count; i += width) {
      alignas(width * 4) std::int32_t last_kv[width], last_tokens[width];
      const std::int32_t* kv = lengths_.kv + request_ + i;
      const std::int32_t* tokens = lengths_.tokens + (request_ + i) * lengths_.tokens_step;
      if (count - i < width) [[unlikely]] {
        for (int lane = 0; lane < width; ++lane) {
          const bool there = i + lane < count;
          last_kv[lane] = there ? kv[lane] : 0;
          last_tokens[lane] = there ? tokens[lane * lengths_.tokens_step] : 0;
        }
        kv = last_kv;
        tokens = last_tokens;
      }
      const ints given = *reinterpret_cast<const loose*>(kv), asked = *reinterpret_cast<const loose*>(tokens);
      const ints bounded = given > lengths_.most ? zero + lengths_.most : given;
      const ints sane = (bounded < lengths_.least ? zero + lengths_.least : bounded) + lengths_.added;
      const ints q = asked > zero ? asked : zero;
      longest = longest > q ? longest : q;
      *reinterpret_cast<loose*>(first_ + i) = sane - q + 1;
      words through = reinterpret_cast<words>(q);
      sum_lanes<width>(through);
      *reinterpret_cast<loose*>(place_ + i) = reinterpret_cast<ints>(places + through) - q;
      spread_last<width>(through);
      places += through;
    }
    block_rows_ = places[0];
    return !any_set<width>(longest > width);
  }

  [[gnu::always_inline]] void take_short(std::int64_t count) {
    words iota;
    set_iota<width>(iota);
    std::int32_t* const to = rows_ + held_;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < count; ++i)
      *reinterpret_cast<loose*>(to + place_[i]) = reinterpret_cast<ints>(iota) + first_[i];
    held_ += block_rows_;
    request_ += count;
  }

  [[gnu::always_inline]] void take_any(std::int64_t count, std::int64_t wanted) {
    words iota;
    set_iota<width>(iota);
    for (std::int64_t i = 0; i < count && held_ < wanted; ++i) {
      const std::int64_t left = lengths_.tokens_at(request_) - skipped_;
      const std::int64_t taken = std::min(left, room - held_);
      words seen = iota + static_cast<std::uint32_t>(first_[i]) + static_cast<std::uint32_t>(skipped_);
      std::int32_t* const to = rows_ + held_;
      for (std::int64_t row = 0; row < taken; row += width, seen += width)
        *reinterpret_cast<loose*>(to + row) = reinterpret_cast<ints>(seen);
      held_ += taken;
      skipped_ += taken;
      if (taken == left) {
        ++request_;
        skipped_ = 0;
      }
    }
  }

  /// A block of short requests past `enough`, and a vector past those.
  static constexpr std::int64_t room = enough + block * width;

  const dense_lengths& lengths_;
  std::int64_t request_, skipped_;
  std::int64_t held_ = 0;
  std::uint32_t block_rows_ = 0;
  alignas(64) std::int32_t first_[block];
  alignas(64) std::int32_t place_[block];
  alignas(64) std::int32_t rows_[room + width];
};

}  // namespace nsameta::cpu
