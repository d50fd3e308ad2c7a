/// Closed forms of the sums of clamped lengths, so that no backend scans over rows. All are exact while lengths, counts
/// and top-k are below 2^31: no sum of one request's rows then passes 2^62.
#pragma once

#include "common/row_rule.h"

namespace nsameta {

/// Sum over i < count of floor((step * i + start) / divisor), by Euclid's algorithm: O(log divisor).
NSAMETA_HOST_DEVICE std::int64_t floor_sum(std::int64_t count, std::int64_t divisor, std::int64_t step,
                                           std::int64_t start) {
  std::int64_t sum = 0;
  for (;;) {
    sum += count * (count - 1) / 2 * (step / divisor) + count * (start / divisor);
    step %= divisor;
    start %= divisor;
    const std::int64_t reach = step * count + start;
    if (reach < divisor) return sum;
    // The lattice points under the line, counted along the other axis.
    count = reach / divisor;
    start = reach % divisor;
    const std::int64_t former = divisor;
    divisor = step;
    step = former;
  }
}

/// How many terms of start, start + step, ... (`count` of them) are below `limit`.
NSAMETA_HOST_DEVICE std::int64_t terms_below(std::int64_t limit, std::int64_t start, std::int64_t count,
                                             std::int64_t step) {
  if (start >= limit) return 0;
  const std::int64_t terms = step == 1 ? limit - start : (limit - 1 - start) / step + 1;
  return terms < count ? terms : count;
}

NSAMETA_HOST_DEVICE std::int64_t series_sum(std::int64_t start, std::int64_t count, std::int64_t step) {
  return count * start + count * (count - 1) / 2 * step;
}

/// Sum of rule(length) over the `count` lengths start, start + step, ..., start >= 0: the lengths themselves while
/// their whole pools fit top-k, and beyond it top-k and what is left of the last pool.
NSAMETA_HOST_DEVICE std::int64_t clamped_series_sum(const clamp_rule& rule, std::int64_t start, std::int64_t count,
                                                    std::int64_t step) {
  const std::int64_t limit = rule.kpool == 1 ? rule.topk : (rule.topk / rule.kpool + 1) * rule.kpool;
  const std::int64_t rising = terms_below(limit, start, count, step);
  const std::int64_t beyond = count - rising;
  const std::int64_t sum = series_sum(start, rising, step) + beyond * rule.topk;
  if (rule.kpool == 1 || beyond == 0) return sum;
  const std::int64_t first = start + rising * step;
  return sum + series_sum(first, beyond, step) - rule.kpool * floor_sum(beyond, rule.kpool, step, first);
}

/// Sum of rule(local(v)) over v < end. local() is a staircase: on each period it rises by one run on the rank's own
/// positions and is level before and after, so the sum is a series over all values and one over the levels.
NSAMETA_HOST_DEVICE std::int64_t local_sum_below(const clamp_rule& rule, const nsameta_kv_shard& shard,
                                                 std::int64_t end) {
  const std::int64_t run = shard.interleave;
  const std::int64_t before = run * shard.rank;                    // level positions of a period ahead of the own run
  const std::int64_t after = run * (shard.size - 1 - shard.rank);  // and behind it
  const std::int64_t periods = end / (run * shard.size);
  const std::int64_t rest = end % (run * shard.size);
  const std::int64_t rest_before = rest < before ? rest : before;
  const std::int64_t rest_own = rest - rest_before < run ? rest - rest_before : run;
  const std::int64_t rest_after = rest - rest_before - rest_own;
  return clamped_series_sum(rule, 0, periods * run + rest_own, 1) +
         (before + after) * clamped_series_sum(rule, 0, periods, run) + (after + rest_before) * rule(periods * run) +
         rest_after * rule((periods + 1) * run);
}

/// std::gcd, which devices do not have.
NSAMETA_HOST_DEVICE std::int64_t common_divisor(std::int64_t a, std::int64_t b) {
  while (b != 0) {
    const std::int64_t remainder = a % b;
    a = b;
    b = remainder;
  }
  return a;
}

/// Sum of rule(local(v)) over v = start, start + step, ..., start >= 0. The rows fall into classes that repeat with the
/// shard's period, and each class is a series of its own: O(interleave * size), for when both shards are on.
NSAMETA_HOST_DEVICE std::int64_t local_classes_sum(const clamp_rule& rule, const nsameta_kv_shard& shard,
                                                   std::int64_t start, std::int64_t count, std::int64_t step) {
  const std::int64_t period = static_cast<std::int64_t>(shard.interleave) * shard.size;
  const std::int64_t common = common_divisor(step, period);
  const std::int64_t classes = period / common;
  const std::int64_t rise = step / common * shard.interleave;
  const std::int64_t present = classes < count ? classes : count;
  std::int64_t sum = 0;
  NSAMETA_UNROLL(1)
  for (std::int64_t i = 0; i < present; ++i)
    sum += clamped_series_sum(rule, local_length(shard, start + i * step), (count - i + classes - 1) / classes, rise);
  return sum;
}

/// Sum of the clamped lengths of `count` rows that see max(0, start), max(0, start + step), ... positions.
NSAMETA_HOST_DEVICE std::int64_t clamped_rows_sum(const clamp_rule& rule, const nsameta_kv_shard& shard,
                                                  std::int64_t start, std::int64_t count, std::int64_t step) {
  if (start < 0) {  // rows that see nothing add nothing
    const std::int64_t empty = terms_below(0, start, count, step);
    start += empty * step;
    count -= empty;
  }
  if (count == 0) return 0;
  if (shard.size == 1) return clamped_series_sum(rule, start, count, step);
  if (step != 1) return local_classes_sum(rule, shard, start, count, step);
  std::int64_t sum = 0;
  NSAMETA_UNROLL(1)  // the code once
  for (int side = 0; side < 2; ++side) {
    const std::int64_t below = local_sum_below(rule, shard, side == 0 ? start + count : start);
    sum += side == 0 ? below : -below;
  }
  return sum;
}

}  // namespace nsameta
