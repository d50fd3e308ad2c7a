/// From the positions a row sees to the length its attention reads: localise to the kv shard, then clamp to top-k. And
/// closed forms of the sums of these lengths, so that no backend scans over rows. All are exact while lengths, counts
/// and top-k are below 2^31: no sum of one request's rows then passes 2^62.
#pragma once

#include <cstdint>

#include "common/divisor.h"
#include "nsameta/nsameta.h"

namespace nsameta {

/// This rank's positions: of each period, `before` of others come first, then a run of its own, then `after` of others.
struct kv_shard_rule {
  divisor period;
  divisor run;
  std::int64_t before, after;
  small_divisor ranks;

  static kv_shard_rule of(const nsameta_kv_shard& shard) {
    const std::int64_t run = shard.interleave;
    return {divisor::of(run * shard.size), divisor::of(run), run * shard.rank, run * (shard.size - 1 - shard.rank),
            small_divisor::of(shard.size)};
  }
  NSAMETA_HOST_DEVICE bool is_on() const { return period.value != run.value; }

  /// Of the first `length` positions, those on this rank.
  NSAMETA_HOST_DEVICE std::int64_t operator()(std::int64_t length) const {
    if (!is_on()) return length;
    const std::int64_t periods = period.quotient(length);
    const std::int64_t past = length - periods * period.value - before;
    return periods * run.value + (past < 0 ? 0 : past < run.value ? past : run.value);
  }

  /// The number of a position among this rank's; below 0: another rank has it.
  NSAMETA_HOST_DEVICE std::int64_t own(std::int64_t position) const {
    const std::int64_t periods = period.quotient(position);
    const std::int64_t past = position - periods * period.value - before;
    return past >= 0 && past < run.value ? periods * run.value + past : -1;
  }

  /// The position of all that is number `own` of this rank's.
  NSAMETA_HOST_DEVICE std::int64_t position(std::int64_t own) const {
    return own + run.quotient(own) * (before + after) + before;
  }
};

/// Top-k over whole pools of positions; the last, partial pool always counts in full.
struct clamp_rule {
  std::int64_t topk;
  divisor kpool;
  std::int64_t limit;  ///< lengths below it are left alone

  static clamp_rule of(std::int64_t topk, std::int64_t kpool) {
    return {topk, divisor::of(kpool), kpool == 1 ? topk : (topk / kpool + 1) * kpool};
  }

  NSAMETA_HOST_DEVICE std::int64_t operator()(std::int64_t length) const {
    const std::int64_t partial = kpool.value == 1 ? 0 : kpool.remainder(length);
    const std::int64_t whole = length - partial;
    return (whole < topk ? whole : topk) + partial;
  }
};

/// Sum over i < count of floor((step * i + start) / by), by Euclid's algorithm: O(log by). Out of line, because a GPU
/// makes some hundred instructions of each division, and hardly a fill comes here.
NSAMETA_OUT_OF_LINE inline std::int64_t euclid_floor_sum(std::int64_t count, std::int64_t by, std::int64_t step,
                                                         std::int64_t start) {
  std::int64_t sum = 0;
  for (;;) {
    const std::int64_t steps = step / by, starts = start / by;
    sum += count * (count - 1) / 2 * steps + count * starts;
    step -= steps * by;
    start -= starts * by;
    const std::int64_t reach = step * count + start;
    if (reach < by) return sum;
    // The lattice points under the line, counted along the other axis.
    count = reach / by;
    start = reach - count * by;
    const std::int64_t former = by;
    by = step;
    step = former;
  }
}

/// The same for i < end, step 1 and start 0.
NSAMETA_HOST_DEVICE std::int64_t quotient_sum_below(const divisor& by, std::int64_t end) {
  const std::int64_t quotient = by.quotient(end);
  return quotient * (quotient - 1) / 2 * by.value + quotient * (end - quotient * by.value);
}

NSAMETA_HOST_DEVICE std::int64_t floor_sum(std::int64_t count, const divisor& by, std::int64_t step,
                                           std::int64_t start) {
  if (step == 1) return quotient_sum_below(by, start + count) - quotient_sum_below(by, start);
  const std::int64_t steps = by.quotient(step);
  if (steps * by.value == step) return count * (count - 1) / 2 * steps + count * by.quotient(start);
  return euclid_floor_sum(count, by.value, step, start);
}

/// How many terms of start, start + step, ... (`count` of them) are below `limit`.
NSAMETA_HOST_DEVICE std::int64_t terms_below(std::int64_t limit, std::int64_t start, std::int64_t count,
                                             const divisor& step) {
  if (start >= limit) return 0;
  const std::int64_t terms = step.quotient(limit - 1 - start) + 1;
  return terms < count ? terms : count;
}

NSAMETA_HOST_DEVICE std::int64_t series_sum(std::int64_t start, std::int64_t count, std::int64_t step) {
  return count * start + count * (count - 1) / 2 * step;
}

/// Sum of rule(length) over the `count` lengths start, start + step, ..., start >= 0: the lengths themselves while
/// their whole pools fit top-k, and beyond it top-k and what is left of the last pool.
NSAMETA_HOST_DEVICE std::int64_t clamped_series_sum(const clamp_rule& rule, std::int64_t start, std::int64_t count,
                                                    const divisor& step) {
  const std::int64_t rising = terms_below(rule.limit, start, count, step);
  const std::int64_t beyond = count - rising;
  const std::int64_t sum = series_sum(start, rising, step.value) + beyond * rule.topk;
  if (rule.kpool.value == 1 || beyond == 0) return sum;
  const std::int64_t first = start + rising * step.value;
  return sum + series_sum(first, beyond, step.value) -
         rule.kpool.value * floor_sum(beyond, rule.kpool, step.value, first);
}

/// Sum of rule(local(v)) over v < end. local() is a staircase: on each period it rises by one run on the rank's own
/// positions and is level before and after, so the sum is a series over all values and one over the levels.
NSAMETA_HOST_DEVICE std::int64_t local_sum_below(const clamp_rule& rule, const kv_shard_rule& shard, std::int64_t end) {
  const std::int64_t run = shard.run.value;
  const std::int64_t periods = shard.period.quotient(end);
  const std::int64_t rest = end - periods * shard.period.value;
  const std::int64_t rest_before = rest < shard.before ? rest : shard.before;
  const std::int64_t rest_own = rest - rest_before < run ? rest - rest_before : run;
  const std::int64_t rest_after = rest - rest_before - rest_own;
  return clamped_series_sum(rule, 0, periods * run + rest_own, divide_by_one()) +
         (shard.before + shard.after) * clamped_series_sum(rule, 0, periods, shard.run) +
         (shard.after + rest_before) * rule(periods * run) + rest_after * rule((periods + 1) * run);
}

/// With a KV shard and a round-robin shard of the queries, a request's rows on this rank fall into classes that repeat
/// with the kv shard's period, and each class is a series of its own.
struct row_classes {
  divisor count;  ///< at most the period
  divisor rise;   ///< of the local length, from one row of a class to the next

  static row_classes of(const kv_shard_rule& shard, std::int64_t step) {
    std::int64_t common = shard.period.value;
    for (std::int64_t other = step; other != 0;) {  // std::gcd is no function of devices
      const std::int64_t remainder = common % other;
      common = other;
      other = remainder;
    }
    return {divisor::of(shard.period.value / common), divisor::of(step / common * shard.run.value)};
  }
};

/// Sum of rule(local(v)) over v = start, start + step, ..., start >= 0: O(interleave * size).
NSAMETA_HOST_DEVICE std::int64_t local_classes_sum(const clamp_rule& rule, const kv_shard_rule& shard,
                                                   const row_classes& classes, std::int64_t start, std::int64_t count,
                                                   std::int64_t step) {
  const std::int64_t all = classes.count.value, present = all < count ? all : count;
  std::int64_t sum = 0;
  NSAMETA_UNROLL(1)
  for (std::int64_t i = 0; i < present; ++i)
    sum += clamped_series_sum(rule, shard(start + i * step), classes.count.quotient(count - i + all - 1), classes.rise);
  return sum;
}

}  // namespace nsameta
