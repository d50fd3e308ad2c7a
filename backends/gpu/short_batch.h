/// The requests of a short-rows kernel, and the sums over those before a block's own. A block adds up all earlier
/// requests for itself: a few KB of lengths from L2 cost less than waiting for another block.
#pragma once

#include "common/extents.h"
#include "common/totals.h"
#include "gpu/short_plan.h"
#include "gpu/thread_context.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

/// Calls `visit(member)` for each wanted member of totals.
template <class Totals, wanted_totals wanted, class Visit>
NSAMETA_DEVICE void for_each_total(Visit visit) {
  if constexpr (wanted.tokens) visit(&Totals::tokens);
  if constexpr (wanted.kv_len) visit(&Totals::kv_len);
  if constexpr (wanted.clamped) visit(&Totals::clamped);
  if constexpr (wanted.table_units) visit(&Totals::table_units);
  if constexpr (wanted.kept) visit(&Totals::kept);
  if constexpr (wanted.bits) visit(&Totals::bits);
}

/// `sum` after `move`, a collective, has moved its wanted members together; 0 in the others.
template <wanted_totals wanted, class Totals, class Move>
NSAMETA_DEVICE Totals move_totals(const Totals& sum, Move move) {
  constexpr int numbers = wanted.tokens + wanted.kv_len + wanted.clamped + wanted.table_units;
  constexpr int words = numbers * static_cast<int>(sizeof(Totals::tokens) / 4) + wanted.kept + wanted.bits;
  Totals moved{};
  if constexpr (words > 0) {
    word_pack<words> all;
    int at = 0;
    for_each_total<Totals, wanted>([&](auto member) { all.put(at, sum.*member); });
    all = move(all);
    at = 0;
    for_each_total<Totals, wanted>([&](auto member) { all.take(at, moved.*member); });
  }
  return moved;
}

template <wanted_totals wanted, class Totals, thread_context T>
NSAMETA_DEVICE Totals totals_of_lane(T& self, const Totals& sum, int from) {
  return move_totals<wanted>(sum, [&](const auto& all) { return self.shuffle(all, from); });
}

template <wanted_totals wanted, class Totals, thread_context T>
NSAMETA_DEVICE Totals totals_of_earlier_lane(T& self, const Totals& sum, int delta) {
  return move_totals<wanted>(sum, [&](const auto& all) { return self.shuffle_up(all, delta); });
}

/// Inclusive scan over the first `lanes` lanes, a power of two; the others' results mean nothing.
template <wanted_totals wanted, class Totals, thread_context T>
NSAMETA_DEVICE Totals warp_scan(T& self, int lane_index, Totals sum, int lanes = T::warp_width) {
  for (int delta = 1; delta < lanes; delta *= 2) {
    const Totals earlier = totals_of_earlier_lane<wanted>(self, sum, delta);
    if (lane_index >= delta) sum = earlier + sum;
  }
  return sum;
}

/// Sum over the lanes' non-negative int32 numbers, 2^31 - 1 in place of more; to all lanes. Added up in halves, which
/// cannot wrap, because hardware that adds up a warp in one instruction wraps.
template <thread_context T>
NSAMETA_DEVICE std::int32_t warp_sum(T& self, std::int32_t number) {
  const std::uint32_t bits = static_cast<std::uint32_t>(number);
  const std::uint32_t low = self.sum(bits & 0xffffu), high = self.sum(bits >> 16);
  const std::uint64_t sum = (std::uint64_t{high} << 16) + low;
  return static_cast<std::int32_t>(sum < 0x7fffffffu ? sum : 0x7fffffffu);
}
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE basic_totals<std::int32_t> warp_sum(T& self, const basic_totals<std::int32_t>& own) {
  static_assert(!wanted.bits);
  basic_totals<std::int32_t> all{};
  for_each_total<basic_totals<std::int32_t>, wanted>([&](auto member) { all.*member = warp_sum(self, own.*member); });
  return all;
}

using int32_rule = basic_plain_rule<std::int32_t>;
using int32_sums = basic_totals<std::int32_t>;
using int32_request = basic_request<std::int32_t>;

/// What is added up where an output holds sums, and where none does.
inline constexpr wanted_totals vector_sums{.tokens = true, .kv_len = true, .clamped = true};
inline constexpr wanted_totals row_sums{.tokens = true};
inline constexpr wanted_totals tile_sums{.table_units = true}, row_and_tile_sums{.tokens = true, .table_units = true};

/// Shared memory of a block.
struct short_memory {
  int32_sums earlier[tuning::block_threads / 32];  ///< each warp's share of the requests before the block's
  int32_sums own[tuning::block_threads / 32];      ///< of the requests in the warps' lanes
};

/// An element as it lies in memory: loads that are under way while other work goes on.
struct raw_integer {
  std::int32_t low, high;
};

/// The element's own width only: a predicate, not a branch.
NSAMETA_DEVICE raw_integer load_raw(const integer_array& array, std::int32_t index) {
  using word [[gnu::may_alias]] = std::int32_t;
  const char* const at = static_cast<const char*>(array.data) + std::int64_t{index} * array.stride;
  raw_integer raw{};
  if (array.is_int64)
    __builtin_memcpy(&raw, __builtin_assume_aligned(at, 8), sizeof raw);
  else
    raw.low = *reinterpret_cast<const word*>(at);
  return raw;
}

/// Brought into int32: an end of it in place of what lies beyond.
NSAMETA_DEVICE std::int32_t value_of(const integer_array& array, raw_integer raw) {
  const bool fits = !array.is_int64 || raw.high == raw.low >> 31;
  return fits ? raw.low : (raw.high >> 31) ^ static_cast<std::int32_t>(int32_max);
}

struct raw_lengths {
  raw_integer kv, tokens;
};

/// Of request `index`, which exists. Both arrays are read whether they are needed or not: a branch around a load costs
/// more than the load.
NSAMETA_DEVICE raw_lengths load_lengths(const short_batch& batch, std::int32_t index) {
  return {load_raw(batch.seq_lens, index), load_raw(batch.extend_seq_lens, index)};
}

NSAMETA_DEVICE int32_request request_of(const short_batch& batch, const kv_range& range, const raw_lengths& raw) {
  const std::int32_t kv = value_of(batch.seq_lens, raw.kv);
  const std::int32_t tokens = value_of(batch.extend_seq_lens, raw.tokens);
  int32_request r{};
  r.kv_len = wrapping_add(smaller(larger(kv, range.least), range.most), range.added);
  r.tokens = r.rows = batch.uniform_rows >= 0 ? batch.uniform_rows : larger(tokens, 0);
  r.first = wrapping_add(wrapping_add(r.kv_len, -r.tokens), 1);
  return r;
}

template <wanted_totals wanted>
NSAMETA_DEVICE int32_sums sums_of(const int32_rule& rule, const int32_request& r) {
  int32_sums sum{};
  if constexpr (wanted.tokens) sum.tokens = r.tokens;
  if constexpr (wanted.kv_len) sum.kv_len = r.kv_len;
  if constexpr (wanted.clamped) sum.clamped = rule.sum(r, r.rows);
  return sum;
}

/// This thread's part of the sums over requests [first, end), with a few loads always under way. The code is kept
/// short: instructions not run before are waited for as loads are.
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE int32_sums add_requests(const T& self, const short_batch& batch, const kv_range& range,
                                       std::int32_t first, std::int32_t end) {
  constexpr std::int32_t stride = tuning::block_threads;
  const int32_rule rule{batch.topk};
  int32_sums sum{};
  NSAMETA_UNROLL(1)
  for (std::int32_t index = first + self.thread(); index < end; index += 2 * stride) {
    const std::int32_t other = index + stride;
    const raw_lengths raw = load_lengths(batch, index), other_raw = load_lengths(batch, smaller(other, end - 1));
    sum = sum + sums_of<wanted>(rule, request_of(batch, range, raw));
    if (other < end) sum = sum + sums_of<wanted>(rule, request_of(batch, range, other_raw));
  }
  return sum;
}

/// Elements of consecutive requests, in 16-byte loads.
struct raw_run {
  static constexpr int length = 4;
  wide<std::int32_t> words[2];  ///< the second one of int64 elements only

  NSAMETA_DEVICE raw_integer at(const integer_array& array, int i) const {
    if (!array.is_int64) return {words[0].element[i], 0};
    return {words[i / 2].element[i % 2 * 2], words[i / 2].element[i % 2 * 2 + 1]};
  }
};
NSAMETA_DEVICE bool has_runs(const integer_array& array) {
  return array.stride == (array.is_int64 ? 8 : 4) && is_aligned(array.data);
}
NSAMETA_DEVICE raw_run load_run(const integer_array& array, std::int32_t run) {
  const auto* const from = static_cast<const wide<std::int32_t>*>(array.data);
  if (!array.is_int64) return {{from[run], {}}};
  return {{from[2 * run], from[2 * run + 1]}};
}

/// The same for many requests, a few consecutive ones at a time where the arrays allow.
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE int32_sums add_many_requests(const T& self, const short_batch& batch, const kv_range& range,
                                            std::int32_t first, std::int32_t end) {
  const bool is_ragged = batch.uniform_rows < 0;
  if (!has_runs(batch.seq_lens) || (is_ragged && !has_runs(batch.extend_seq_lens)) || first % raw_run::length != 0)
    return add_requests<wanted>(self, batch, range, first, end);
  constexpr std::int32_t stride = tuning::block_threads;
  const int32_rule rule{batch.topk};
  const std::int32_t runs = end / raw_run::length, rest = runs * raw_run::length + self.thread();
  int32_sums sum{};
  if (rest < end) sum = sums_of<wanted>(rule, request_of(batch, range, load_lengths(batch, rest)));
  const auto add = [&](const raw_run& kv, const raw_run& tokens) {
    NSAMETA_UNROLL(4)
    for (int i = 0; i < raw_run::length; ++i) {
      const raw_lengths raw{kv.at(batch.seq_lens, i), tokens.at(batch.extend_seq_lens, i)};
      sum = sum + sums_of<wanted>(rule, request_of(batch, range, raw));
    }
  };
  NSAMETA_UNROLL(1)
  for (std::int32_t run = first / raw_run::length + self.thread(); run < runs; run += 2 * stride) {
    const std::int32_t other = smaller(run + stride, runs - 1);
    const raw_run kv = load_run(batch.seq_lens, run), other_kv = load_run(batch.seq_lens, other);
    raw_run tokens{}, other_tokens{};
    if (is_ragged) {
      tokens = load_run(batch.extend_seq_lens, run);
      other_tokens = load_run(batch.extend_seq_lens, other);
    }
    add(kv, tokens);
    if (run + stride < runs) add(other_kv, other_tokens);
  }
  return sum;
}

/// Sums over consecutive requests, one in each lane of a warp: those before each lane's, and through it.
struct lane_sums {
  int32_sums before, through;
};
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE lane_sums scan_lanes(T& self, const int32_sums& own) {
  lane_sums sums;
  sums.through = warp_scan<wanted>(self, lane_of(self), own);
  sums.before = totals_of_earlier_lane<wanted>(self, sums.through, 1);
  if (lane_of(self) == 0) sums.before = {};
  return sums;
}

/// The requests of a block.
struct block_requests {
  std::int32_t first, count;  ///< there may be fewer
  int first_warp;  ///< of the warps that have this warp's requests in their lanes; the warps before it have those
                   ///< before
};

/// Those of block `group`, of as many as have 2^lanes_shift lanes each.
template <thread_context T>
NSAMETA_DEVICE block_requests requests_of_block(const T& self, const short_batch& batch, std::int32_t group) {
  const int shift = batch.lanes_shift;
  const std::int32_t count = tuning::block_threads >> shift;
  return {group * count, smaller(count, batch.requests), warp_of(self) >> shift << shift};
}
/// The request in this lane; below 0: none.
template <thread_context T>
NSAMETA_DEVICE std::int32_t own_request(const T& self, const short_batch& batch, std::int32_t group) {
  const block_requests block = requests_of_block(self, batch, group);
  const std::int32_t index = block.first + (warp_of(self) >> batch.lanes_shift) * T::warp_width + lane_of(self);
  return index < smaller(block.first + block.count, batch.requests) ? index : -1;
}

/// The sums over all requests before the warp's. `earlier`: from add_requests(), up to the block's; `of_warp`: over the
/// warp's, as its last lane has it. Reached by all threads of the block.
template <wanted_totals wanted, thread_context T>
NSAMETA_DEVICE int32_sums exclusive_prefix(T& self, const block_requests& block, const int32_sums& earlier,
                                           const int32_sums& of_warp, short_memory& shared) {
  constexpr int warps = tuning::block_threads / T::warp_width;
  static_assert(warps <= T::warp_width, "a warp looks at all warps of the block");
  if (block.first == 0 && block.count <= T::warp_width) return {};
  const int32_sums all_earlier = warp_sum<wanted>(self, earlier);
  if (lane_of(self) == T::warp_width - 1) {
    shared.earlier[warp_of(self)] = all_earlier;
    shared.own[warp_of(self)] = warp_of(self) == block.first_warp ? of_warp : int32_sums{};
  }
  self.barrier();
  int32_sums before{};
  if (lane_of(self) < warps) before = shared.earlier[lane_of(self)];
  if (lane_of(self) < block.first_warp) before = before + shared.own[lane_of(self)];
  return warp_sum<wanted>(self, before);
}

}  // namespace nsameta::gpu
