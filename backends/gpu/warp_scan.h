/// Prefix sums over the lanes of a warp, of those totals alone that are wanted.
#pragma once

#include "common/totals.h"
#include "gpu/thread_context.h"
#include "gpu/words.h"

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

}  // namespace nsameta::gpu
