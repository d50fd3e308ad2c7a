/// Rows of a dense batch, a window of them at a time: expanded from requests into a buffer that stays in the L1 cache,
/// by whole vectors that overlap, then written from there to each output. So short requests cost no branches, and no
/// output is ever written beyond its end.
#pragma once

#include "cpu/lanes.h"
#include "cpu/row_job.h"
#include "cpu/tuning.h"

namespace nsameta::cpu {

/// Apart from the window's counters, which then stay in registers.
template <int width>
struct row_window_memory {
  static constexpr int block = tuning::window_requests;
  static constexpr std::int64_t enough = tuning::window_rows;
  /// A block of short requests past `enough`, and a vector past those.
  static constexpr std::int64_t room = enough + block * width;

  alignas(64) std::int32_t first[block];
  alignas(64) std::int32_t place[block];
  alignas(64) std::int32_t rows[room + width];
};

/// For each row the KV positions that it sees, before clamping at 0.
template <int width>
class row_window {
  using ints = typename lanes<width>::ints;
  using words = typename lanes<width>::words;
  using loose = typename lanes<width>::loose;
  using memory = row_window_memory<width>;

 public:
  [[gnu::always_inline]] row_window(row_window_memory<width>& memory, const dense_lengths& lengths,
                                    std::int64_t request, std::int64_t skipped)
      : memory_(memory), lengths_(lengths), request_(request), skipped_(skipped) {}

  const std::int32_t* rows() const { return memory_.rows; }
  std::int64_t held() const { return held_; }
  bool exhausted() const { return request_ == lengths_.requests; }
  std::int64_t request() const { return request_; }
  std::int64_t skipped() const { return skipped_; }  ///< rows of `request` that were taken in

  /// Takes in rows until `wanted` or `enough` are held, or there are no more. With `leave_long`, stops before a block
  /// of requests that have many rows on average, and then returns true.
  [[gnu::always_inline]] bool take_in(std::int64_t wanted, bool leave_long) {
    wanted = std::min(wanted, memory::enough);
    while (held_ < wanted && !exhausted()) {
      const std::int64_t count = std::min<std::int64_t>(block, lengths_.requests - request_);
      if (prepare(count) && skipped_ == 0) [[likely]] {
        take_short(count);
      } else if (leave_long && block_rows_ >= 2 * width * count) {
        return true;
      } else {
        take_any(count, wanted);
      }
    }
    return false;
  }

  /// Passes the rows of a block of requests, `most` of them at most, by the window: calls `write(seen, count)` for
  /// those of each request, of which the first sees `seen` positions and each other one more.
  template <class Write>
  [[gnu::always_inline]] void pass_by(std::int64_t most, Write write) {
    const std::int64_t last = std::min<std::int64_t>(request_ + block, lengths_.requests);
    while (request_ < last && most > 0) {
      const std::int64_t tokens = lengths_.tokens_at(request_), taken = std::min(tokens - skipped_, most);
      write(lengths_.kv_at(request_) - tokens + 1 + skipped_, taken);
      most -= taken;
      skipped_ += taken;
      if (skipped_ < tokens) return;
      ++request_;
      skipped_ = 0;
    }
  }

  void clear() { held_ = 0; }

  /// Lets go of the first `count` rows.
  [[gnu::always_inline]] void drop(std::int64_t count) {
    held_ -= count;
    std::copy(memory_.rows + count, memory_.rows + count + held_, memory_.rows);
  }

 private:
  static constexpr int block = row_window_memory<width>::block;

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
      const words first = reinterpret_cast<words>(sane) - reinterpret_cast<words>(q) + 1;  // of no rows it may wrap
      *reinterpret_cast<loose*>(memory_.first + i) = reinterpret_cast<ints>(first);
      words through = reinterpret_cast<words>(q);
      sum_lanes<width>(through);
      const words before = places + through - reinterpret_cast<words>(q);
      *reinterpret_cast<loose*>(memory_.place + i) = reinterpret_cast<ints>(before);
      spread_last<width>(through);
      places += through;
    }
    block_rows_ = places[0];
    return !any_set<width>(longest > width);
  }

  [[gnu::always_inline]] void take_short(std::int64_t count) {
    words iota;
    set_iota<width>(iota);
    std::int32_t* const to = memory_.rows + held_;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < count; ++i) {
      const words seen = iota + static_cast<std::uint32_t>(memory_.first[i]);
      *reinterpret_cast<loose*>(to + memory_.place[i]) = reinterpret_cast<ints>(seen);
    }
    held_ += block_rows_;
    request_ += count;
  }

  [[gnu::always_inline]] void take_any(std::int64_t count, std::int64_t wanted) {
    words iota;
    set_iota<width>(iota);
    for (std::int64_t i = 0; i < count && held_ < wanted; ++i) {
      const std::int64_t left = lengths_.tokens_at(request_) - skipped_;
      const std::int64_t taken = std::min(left, memory::room - held_);
      words seen = iota + static_cast<std::uint32_t>(memory_.first[i]) + static_cast<std::uint32_t>(skipped_);
      std::int32_t* const to = memory_.rows + held_;
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

  row_window_memory<width>& memory_;
  const dense_lengths& lengths_;
  std::int64_t request_, skipped_;
  std::int64_t held_ = 0;
  std::uint32_t block_rows_ = 0;
};

}  // namespace nsameta::cpu
