/// The requests of a batch, and the sums over those before a block's own. A block adds up all earlier requests for
/// itself: a few KB of lengths from L2 cost less than waiting for another block.
#pragma once

#include <concepts>

#include "common/arithmetic.h"
#include "gpu/arguments.h"
#include "gpu/thread_context.h"

namespace nsameta::gpu {

/// What is added up over requests, or over rows: a type for each need. All members are numbers of one type, and end at
/// its largest, as int32 outputs do.
template <class N>
struct row_sums {
  using number = N;
  N rows;
};
template <>
struct row_sums<std::int64_t> {
  using number = std::int64_t;
  std::int64_t rows;
  std::int64_t owned;  ///< rows on this rank, in all parts
  std::int64_t kept;   ///< requests that have rows on this rank
};
template <class N>
struct vector_sums : row_sums<N> {
  N kv_len, clamped;
};
template <class N>
struct tile_sums : row_sums<N> {
  N tiles;
};
template <class S>
concept sums = std::is_trivially_copyable_v<S> && requires { typename S::number; };

/// The sums, each of their numbers after `each`.
template <sums S, class Each>
NSAMETA_DEVICE S by_numbers(const S& a, const S& b, Each each) {
  using number = typename S::number;
  constexpr int count = sizeof(S) / sizeof(number);
  number x[count], y[count];
  __builtin_memcpy(x, &a, sizeof(S));
  __builtin_memcpy(y, &b, sizeof(S));
  NSAMETA_UNROLL(8)
  for (int i = 0; i < count; ++i) x[i] = each(x[i], y[i]);
  S result;
  __builtin_memcpy(&result, x, sizeof(S));
  return result;
}
template <sums S>
NSAMETA_DEVICE S operator+(const S& a, const S& b) {
  return by_numbers(a, b, [](auto x, auto y) { return saturating_add(x, y); });
}

/// Sum over the lanes' non-negative numbers, the largest there is in place of more; to all lanes. Those of int32 are
/// added up in halves, which cannot wrap, because hardware that adds up a warp in one instruction wraps.
template <thread_context T>
NSAMETA_DEVICE std::int32_t warp_sum(T& self, std::int32_t number) {
  const std::uint32_t bits = static_cast<std::uint32_t>(number);
  const std::uint32_t low = self.sum(bits & 0xffffu), high = self.sum(bits >> 16);
  const std::uint64_t sum = (std::uint64_t{high} << 16) + low;
  return static_cast<std::int32_t>(sum < 0x7fffffffu ? sum : 0x7fffffffu);
}
template <sums S, thread_context T>
NSAMETA_DEVICE S warp_sum(T& self, S own) {
  if constexpr (sizeof(typename S::number) == 4) {
    return by_numbers(own, own, [&](std::int32_t number, std::int32_t) { return warp_sum(self, number); });
  } else {
    NSAMETA_UNROLL(1)
    for (int delta = 1; delta < T::warp_width; delta *= 2) own = own + self.shuffle(own, lane_of(self) ^ delta);
    return own;
  }
}

/// Shared memory of a block.
template <class N>
struct block_memory {
  vector_sums<N> earlier[tuning::block_threads / 32];  ///< each warp's share of the requests before the block's
  vector_sums<N> own[tuning::block_threads / 32];      ///< of the warps' lanes
};

/// An element as it lies in memory: loads that are under way while other work goes on.
struct raw_integer {
  std::int32_t low, high;
};

/// The element's own width only: a predicate, not a branch.
template <class N>
NSAMETA_DEVICE raw_integer load_raw(const integer_array<N>& array, N index) {
  using word [[gnu::may_alias]] = std::int32_t;
  using bits = std::make_unsigned_t<N>;  // a product that is one instruction
  const auto offset = std::uint64_t{static_cast<bits>(index)} * static_cast<bits>(array.stride);
  const char* const at = static_cast<const char*>(array.data) + offset;
  raw_integer raw{};
  if (array.is_int64)
    __builtin_memcpy(&raw, __builtin_assume_aligned(at, 8), sizeof raw);
  else
    raw.low = *reinterpret_cast<const word*>(at);
  return raw;
}

template <class N>
NSAMETA_DEVICE std::int64_t whole_value(const integer_array<N>& array, raw_integer raw) {
  if (!array.is_int64) return raw.low;
  return static_cast<std::int64_t>(raw.high) * (1ll << 32) + static_cast<std::uint32_t>(raw.low);
}
/// In int32 an end of it in place of what lies beyond.
template <class N>
NSAMETA_DEVICE N value_of(const integer_array<N>& array, raw_integer raw) {
  if constexpr (is_general<N>) return whole_value(array, raw);
  const bool fits = !array.is_int64 || raw.high == raw.low >> 31;
  return fits ? raw.low : (raw.high >> 31) ^ static_cast<std::int32_t>(int32_max);
}

struct raw_lengths {
  raw_integer kv, tokens;
  std::int32_t live;  ///< requests that are no padding, where it is given
  raw_integer rejected;
};

/// Of request `index`, which exists. All are read whether they are needed or not: a branch around a load costs more
/// than the load, and a wait for it comes early.
template <class N>
NSAMETA_DEVICE raw_lengths load_lengths(const request_batch<N>& batch, N index) {
  const auto* const live = batch.live != nullptr ? batch.live : static_cast<const std::int32_t*>(batch.seq_lens.data);
  using word [[gnu::may_alias]] = const std::int32_t;
  return {load_raw(batch.seq_lens, index), load_raw(batch.extend_seq_lens, index), *static_cast<word*>(live), {}};
}

/// A request's tokens.
template <class N>
NSAMETA_DEVICE N query_of(const request_batch<N>& batch, const raw_lengths& raw) {
  const N tokens = value_of(batch.extend_seq_lens, raw.tokens);
  return batch.uniform_query >= 0 ? N{batch.uniform_query} : smaller(larger(tokens, N{0}), static_cast<N>(int32_max));
}

/// What row `j` of a request sees on all ranks together, if there were no limit; also below 0.
template <class N>
NSAMETA_DEVICE N seen_by_row(const basic_request<N>& r, N j) {
  if constexpr (is_general<N>) j *= r.step;
  return wrapping_add(r.first, j);
}
/// What it sees on this rank.
template <class N, class Rule>
NSAMETA_DEVICE N length_of_row(const Rule& rule, const basic_request<N>& r, N j) {
  return rule.local(larger(seen_by_row(r, j), N{0}));
}

template <sums S, class N, class Rule>
NSAMETA_DEVICE S sums_of(const request_batch<N>& batch, const Rule& rule, const basic_request<N>& r) {
  S sum{};
  if (!rule.keeps(r)) return sum;
  if constexpr (requires { sum.kept; }) {
    sum.kept = 1;
    sum.owned = r.owned;
  }
  sum.rows = r.rows;
  if constexpr (requires { sum.clamped; }) {
    sum.kv_len = rule.local(r.kv_len);
    // One row, but for the mirror of a zigzag, which has none.
    sum.clamped = batch.uniform_rows == 1 && (!is_general<N> || r.rows == 1)
                      ? rule.clamped(length_of_row<N>(rule, r, 0))
                      : clipped<typename S::number>(rule.sum(r, r.rows));
  }
  return sum;
}

/// Sums over what is in the lanes of a warp: before each lane's own, and through it.
template <sums S>
struct lane_sums {
  S before, through;
};
/// `lanes`: so many have something.
template <sums S, class N, thread_context T>
NSAMETA_DEVICE lane_sums<S> scan_lanes(T& self, const S& own, N lanes) {
  const int lane = lane_of(self);
  lanes = smaller(lanes, static_cast<N>(T::warp_width));
  lane_sums<S> sums{{}, own};
  NSAMETA_UNROLL(1)
  for (int delta = 1; delta < lanes; delta *= 2) {
    const S earlier = self.shuffle_up(sums.through, delta);
    if (lane >= delta) sums.through = earlier + sums.through;
  }
  sums.before = self.shuffle_up(sums.through, 1);
  if (lane == 0) sums.before = {};
  return sums;
}

/// A block has a group of requests, 2^lanes_shift lanes each. The group's first one; there may be fewer.
template <class N>
NSAMETA_DEVICE N first_request(const uniform_batch<N>& batch, N group) {
  return group * (tuning::block_threads >> batch.lanes_shift);
}
/// The thread's request, which may be beyond the batch, and its place among the request's lanes.
template <class N, thread_context T>
NSAMETA_DEVICE N own_request(const T& self, const uniform_batch<N>& batch, N group) {
  return first_request(batch, group) + (self.thread() >> batch.lanes_shift);
}
template <class N, thread_context T>
NSAMETA_DEVICE std::int32_t row_lane(const T& self, const uniform_batch<N>& batch) {
  return self.thread() & ((1 << batch.lanes_shift) - 1);
}

/// The batch as a set has it: with its own rows where the rule serves those.
template <class Rule, class N>
NSAMETA_DEVICE std::conditional_t<Rule::serves_own_rows, request_batch<N>, const request_batch<N>&> batch_of_set(
    const request_batch<N>& all, const vector_outputs<N>& set) {
  if constexpr (Rule::serves_own_rows) {
    request_batch<N> batch = all;
    if (set.has_own_rows()) {
      batch.uniform_rows = batch.uniform_query = 1;
      batch.ragged_drafts = 0;
    }
    return batch;
  } else {
    return all;
  }
}

/// What a set makes of lengths, in int64, and none of its outputs.
NSAMETA_DEVICE vector_outputs<std::int64_t> lengths_of_set(const vector_outputs<std::int32_t>& set) {
  vector_outputs<std::int64_t> wide{};
  wide.kv_least = set.kv_least;
  wide.kv_most = set.kv_most;
  wide.kv_added = set.kv_added;
  wide.is_padding.own_rows = set.own_rows != 0;
  return wide;
}

/// What the threads of a block work with, on one set of outputs.
template <class N, thread_context T, class Rule>
struct block_work {
  T& self;
  const request_batch<N>& batch;
  const vector_outputs<N>& set;
  Rule rule;
  block_memory<N>& shared;
};

/// Request `index` on all ranks together, of `query` tokens: with `drafts` of them on top of its KV length. `live`: as
/// of raw_lengths.
template <class N>
NSAMETA_DEVICE basic_request<N> request_of(const uniform_batch<N>& batch, const length_outputs<N>& set, N index, N kv,
                                           N query, N drafts, std::int32_t live) {
  const N most = static_cast<N>(int32_max) - drafts;
  basic_request<N> r{};
  r.kv_len = smaller(wrapping_add(smaller(larger(kv, set.kv_least), set.kv_most), set.kv_added), most) + drafts;
  r.tokens = r.rows = r.owned = batch.uniform_rows >= 0 ? N{batch.uniform_rows} : query;
  r.first = wrapping_add(wrapping_add(r.kv_len, -query), N{1});
  r.step = 1;
  r.is_padding = batch.live != nullptr && index >= live;
  if (r.is_padding) {
    r.kv_len = 0;
    r.first = N{1} - r.rows;
  }
  return r;
}
/// Those of load_lengths(batch, index), and the drafts that were rejected where the rule takes those off: kernels that
/// do not are the faster.
template <class N, class T, class Rule>
NSAMETA_DEVICE raw_lengths load_lengths(const block_work<N, T, Rule>& at, N index) {
  raw_lengths raw = load_lengths(at.batch, index);
  if constexpr (Rule::adjusts_lengths)
    if (at.batch.rejected.data != nullptr) raw.rejected = load_raw(at.batch.rejected, index);
  return raw;
}

/// A request's KV length, before it is made sane.
template <class N, class T, class Rule>
NSAMETA_DEVICE N kv_length_of(const block_work<N, T, Rule>& at, const raw_lengths& raw) {
  const N length = value_of(at.batch.seq_lens, raw.kv);
  if constexpr (Rule::adjusts_lengths)
    if (at.batch.rejected.data != nullptr)
      return committed_length(length, whole_value(at.batch.rejected, raw.rejected));
  return length;
}

template <class N, class T, class Rule>
NSAMETA_DEVICE basic_request<N> request_of(const block_work<N, T, Rule>& at, N index, const raw_lengths& raw) {
  const request_batch<N>& batch = at.batch;
  const N query = query_of(batch, raw);
  auto r = request_of<N>(batch, at.set, index, kv_length_of(at, raw), query, query & N{batch.ragged_drafts}, raw.live);
  if constexpr (Rule::adjusts_lengths) r.kv_len = r.is_padding ? batch.seq_pad : r.kv_len;
  return r;
}

/// Sum over the block's threads, by way of a place for each warp. Reached by all of them.
template <sums S, thread_context T, std::derived_from<S> Place>
NSAMETA_DEVICE S block_sum(T& self, Place* places, const S& own) {
  const S of_warp = warp_sum(self, own);
  if (lane_of(self) == 0) static_cast<S&>(places[warp_of(self)]) = of_warp;
  self.barrier();
  S all{};
  NSAMETA_UNROLL(8)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp)
    all = all + static_cast<const S&>(places[warp]);
  return all;
}

/// The sums over all that comes before the warp. `earlier`: this thread's part of what precedes the block, unless
/// nothing does; `through`: over the warp's lanes, as its last one has them. Reached by all threads of the block.
template <sums S, class N, class T, class Rule>
NSAMETA_DEVICE S exclusive_prefix(const block_work<N, T, Rule>& at, bool is_first, const S& earlier, const S& through) {
  S before{};
  if (lane_of(at.self) == T::warp_width - 1) static_cast<S&>(at.shared.own[warp_of(at.self)]) = through;
  if (is_first)
    at.self.barrier();
  else
    before = block_sum(at.self, at.shared.earlier, earlier);
  NSAMETA_UNROLL(8)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width - 1; ++warp)
    if (warp < warp_of(at.self)) before = before + static_cast<const S&>(at.shared.own[warp]);
  return before;
}

/// The tokens before this thread's, where those of all threads follow one another. Reached by all of them.
template <class N, class T, class Rule>
NSAMETA_DEVICE N tokens_before(const block_work<N, T, Rule>& at, N own) {
  const lane_sums<row_sums<N>> tokens = scan_lanes(at.self, row_sums<N>{own, 0, 0}, N{T::warp_width});
  const row_sums<N> before = exclusive_prefix(at, true, {}, tokens.through);
  at.self.barrier();  // what follows may use the shared memory again
  return before.rows + tokens.before.rows;
}

/// In the kernel for everything.
template <class N>
inline constexpr int loads_for = is_general<N> ? tuning::int64_loads : tuning::loads;

/// Calls `visit(index, raw, request)` for this thread's part of the requests [0, end), with `loads` of them always
/// under way. The code is kept short: instructions not run before are waited for as loads are.
template <int loads, class N, class T, class Rule, class Visit>
NSAMETA_DEVICE void visit_requests(const block_work<N, T, Rule>& at, N end, Visit visit) {
  constexpr N threads = tuning::block_threads;
  if constexpr (Rule::deals)
    if (at.rule.dealt) {  // which rows a rank has depends on the tokens before them: consecutive requests a thread
      const N each = (end + threads - 1) / threads, begin = at.self.thread() * each, stop = smaller(begin + each, end);
      N tokens = 0;
      for (N index = begin; index < stop; ++index) tokens += request_of(at, index, load_lengths(at, index)).tokens;
      N before = tokens_before(at, tokens);
      for (N index = begin; index < stop; ++index) {
        const raw_lengths raw = load_lengths(at, index);
        basic_request<N> r = request_of(at, index, raw);
        at.rule.deal(r, before);
        before += r.tokens;
        visit(index, raw, r);
      }
      return;
    }
  NSAMETA_UNROLL(1)
  for (N index = at.self.thread(); index < end; index += loads * threads) {
    raw_lengths raw[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k) raw[k] = load_lengths(at, k == 0 ? index : smaller(index + k * threads, end - 1));
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (const N place = index + k * threads; k == 0 || place < end)
        visit(place, raw[k], request_of(at, place, raw[k]));
  }
}

/// This thread's part of the sums over requests [0, end).
template <sums S, int loads, class N, class T, class Rule>
NSAMETA_DEVICE S add_requests(const block_work<N, T, Rule>& at, N end) {
  S sum{};
  visit_requests<loads>(
      at, end, [&](N, const raw_lengths&, const basic_request<N>& r) { sum = sum + sums_of<S>(at.batch, at.rule, r); });
  return sum;
}

/// Of a part's sums, what stands before the next part: rows, but no requests, which count again.
template <sums S>
NSAMETA_DEVICE S rows_alone(S sum) {
  if constexpr (requires { sum.kept; }) sum.kept = sum.owned = 0;
  if constexpr (requires { sum.kv_len; }) sum.kv_len = 0;
  return sum;
}

/// Calls `work()` for each part of the rows, with the rule of that part.
template <class N, class T, class Rule, class Work>
NSAMETA_DEVICE void for_each_part(block_work<N, T, Rule>& at, const Work& work) {
  if constexpr (Rule::deals) {
    NSAMETA_UNROLL(1)
    for (at.rule.part = 0; at.rule.part < at.rule.parts; ++at.rule.part) work();
  } else {
    work();
  }
}

/// This thread's part of the sums over all that comes before request `end` in the rule's part of the rows.
template <sums S, int loads, class N, class T, class Rule>
NSAMETA_DEVICE S add_earlier(block_work<N, T, Rule> at, N end) {
  if constexpr (!Rule::deals) return add_requests<S, loads>(at, end);
  S sum{};
  const int last = at.rule.part;
  for_each_part(at, [&] {
    if (at.rule.part <= last)
      sum = rows_alone(sum) + add_requests<S, loads>(at, at.rule.part < last ? N{at.batch.requests} : end);
  });
  return sum;
}
/// The same over the batch.
template <sums S, int loads, class N, class T, class Rule>
NSAMETA_DEVICE S add_all(block_work<N, T, Rule> at) {
  if constexpr (Rule::deals) at.rule.part = at.rule.parts - 1;
  return add_earlier<S, loads>(at, N{at.batch.requests});
}

/// The query tokens of requests [0, end) on all ranks, to all threads of the block.
template <class N, class T, class Rule>
NSAMETA_DEVICE N count_tokens(block_work<N, T, Rule> at, N end) {
  if constexpr (Rule::deals) at.rule.dealt = false;
  const N tokens = block_sum(at.self, at.shared.earlier, add_requests<row_sums<N>, loads_for<N>>(at, end)).rows;
  at.self.barrier();
  return tokens;
}

}  // namespace nsameta::gpu
