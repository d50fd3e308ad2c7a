/// Adding up the lengths of a dense batch.
#pragma once

#include "cpu/lanes.h"
#include "cpu/row_job.h"

namespace nsameta::cpu {

inline std::uint32_t length_bits(bool negative, bool overflow, bool longer) {
  std::uint32_t bits = 0;
  if (negative) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (overflow) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  if (longer) bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  return bits;
}

template <int width>
[[gnu::always_inline]] inline totals add_lengths(const dense_lengths& lengths, std::int64_t begin, std::int64_t end) {
  using ints = typename lanes<width>::ints;
  using loose = typename lanes<width>::loose;
  using pairs = typename lanes<width>::pairs;
  const ints zero{};
  const ints least = zero + lengths.least, most = zero + lengths.most;
  const ints longest_query = zero + (lengths.query_within_kv ? 0 : std::numeric_limits<std::int32_t>::max());
  ints negative{}, overflow{}, longer{};
  pairs tokens{}, kv_len{};
  std::int64_t i = begin;
  for (; i + width <= end; i += width) {
    const ints given = *reinterpret_cast<const loose*>(lengths.kv + i);
    const ints asked = *reinterpret_cast<const loose*>(lengths.tokens + i * lengths.tokens_step);
    negative |= (given < least) | (asked < zero);
    overflow |= given > most;
    const ints bounded = given > most ? most : given;
    const ints kv = (bounded < least ? least : bounded) + lengths.added;
    const ints q = asked > zero ? asked : zero;
    longer |= (q > kv) & (q > longest_query);
    // Non-negative, so that two lanes are added as one of twice the size each.
    const pairs kv_pairs = reinterpret_cast<pairs>(kv);
    const pairs q_pairs = reinterpret_cast<pairs>(q);
    kv_len += (kv_pairs & 0xffffffffu) + (kv_pairs >> 32);
    tokens += (q_pairs & 0xffffffffu) + (q_pairs >> 32);
  }
  totals sum{0,
             0,
             0,
             0,
             static_cast<std::int32_t>(end - begin),
             length_bits(any_set<width>(negative), any_set<width>(overflow), any_set<width>(longer))};
  for (int pair = 0; pair < width / 2; ++pair) {
    sum.tokens += static_cast<std::int64_t>(tokens[pair]);
    sum.kv_len += static_cast<std::int64_t>(kv_len[pair]);
  }
  for (; i < end; ++i) {
    const std::int32_t given = lengths.kv[i], q = lengths.tokens_at(i), kv = lengths.kv_at(i);
    sum.tokens += q;
    sum.kv_len += kv;
    const bool is_negative = given < lengths.least || lengths.tokens[i * lengths.tokens_step] < 0;
    sum.bits |= length_bits(is_negative, given > lengths.most, lengths.query_within_kv && q > kv);
  }
  return sum;
}

}  // namespace nsameta::cpu
