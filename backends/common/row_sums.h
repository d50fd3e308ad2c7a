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

/// start, start + step, ...: `count` terms, none negative, that count `weight` times each.
struct length_series {
  std::int64_t start, count, step, weight;
};

NSAMETA_HOST_DEVICE std::int64_t sum_of(std::int64_t start, std::int64_t count, std::int64_t step) {
  return count * start + count * (count - 1) / 2 * step;
}

/// Sum of rule(length) over a series: the lengths themselves while their whole pools fit top-k, and beyond it top-k and
/// what is left of the last pool.
NSAMETA_HOST_DEVICE std::int64_t clamped_sum_of(const clamp_rule& rule, const length_series& lengths) {
  const std::int64_t limit = rule.kpool == 1 ? rule.topk : (rule.topk / rule.kpool + 1) * rule.kpool;
  const std::int64_t rising = terms_below(limit, lengths.start, lengths.count, lengths.step);
  const std::int64_t beyond = lengths.count - rising;
  std::int64_t sum = sum_of(lengths.start, rising, lengths.step) + beyond * rule.topk;
  if (rule.kpool > 1 && beyond > 0) {
    const std::int64_t start = lengths.start + rising * lengths.step;
    sum += sum_of(start, beyond, lengths.step) - rule.kpool * floor_sum(beyond, rule.kpool, lengths.step, start);
  }
  return lengths.weight * sum;
}

/// Series whose sums make the sum of rule(local(v)) over all v < end. local() is a staircase: on each period of the
/// shard it rises by one run on the rank's own positions, and is level before and after.
struct staircase {
  static constexpr int parts = 4;
  std::int64_t run, level;      ///< positions of a period that are the rank's own, and that are not
  std::int64_t own;             ///< all of the rank's
  std::int64_t periods;         ///< whole ones
  std::int64_t at_level, last;  ///< level positions at local lengths of `periods` runs, and of one more

  NSAMETA_HOST_DEVICE staircase(const nsameta_kv_shard& shard, std::int64_t end)
      : run(shard.interleave), level(run * (shard.size - 1)) {
    const std::int64_t before = run * shard.rank;  // positions of a period ahead of the own run
    const std::int64_t rest = end % (run * shard.size);
    const std::int64_t rest_before = rest < before ? rest : before;
    const std::int64_t rest_own = rest - rest_before < run ? rest - rest_before : run;
    periods = end / (run * shard.size);
    own = periods * run + rest_own;
    at_level = level - before + rest_before;
    last = rest - rest_before - rest_own;
  }

  NSAMETA_HOST_DEVICE length_series part(int index) const {
    if (index == 0) return {0, own, 1, 1};
    if (index == 1) return {0, periods, run, level};
    return index == 2 ? length_series{periods * run, 1, 1, at_level} : length_series{(periods + 1) * run, 1, 1, last};
  }
};

NSAMETA_HOST_DEVICE std::int64_t common_divisor(std::int64_t a, std::int64_t b) {
  while (b != 0) {
    const std::int64_t remainder = a % b;
    a = b;
    b = remainder;
  }
  return a;
}

/// Sum of the clamped lengths of `count` rows that see max(0, start), max(0, start + step), ... positions. Series go
/// through loops that are not unrolled: code for each of them would make a kernel several times as large.
NSAMETA_HOST_DEVICE std::int64_t clamped_rows_sum(const clamp_rule& rule, const nsameta_kv_shard& shard,
                                                  std::int64_t start, std::int64_t count, std::int64_t step) {
  if (start < 0) {  // rows that see nothing add nothing
    const std::int64_t empty = terms_below(0, start, count, step);
    start += empty * step;
    count -= empty;
  }
  if (count == 0) return 0;

  std::int64_t sum = 0;
  if (shard.size > 1 && step == 1) {  // the staircase below the end, less that below the start
    NSAMETA_UNROLL(1)
    for (int side = 0; side < 2; ++side) {
      const staircase below(shard, side == 0 ? start + count : start);
      std::int64_t all = 0;
      NSAMETA_UNROLL(1)
      for (int part = 0; part < staircase::parts; ++part) all += clamped_sum_of(rule, below.part(part));
      sum += side == 0 ? all : -all;
    }
    return sum;
  }

  // Without a shard the rows are one series. With both shards they fall into classes that repeat with the kv shard's
  // period, and each class is a series: O(interleave * size).
  std::int64_t classes = 1, rise = step;
  if (shard.size > 1) {
    const std::int64_t period = static_cast<std::int64_t>(shard.interleave) * shard.size;
    const std::int64_t common = common_divisor(step, period);
    classes = period / common;
    rise = step / common * shard.interleave;
  }
  const std::int64_t present = classes < count ? classes : count;
  NSAMETA_UNROLL(1)
  for (std::int64_t i = 0; i < present; ++i)
    sum += clamped_sum_of(rule, {local_length(shard, start + i * step), (count - i + classes - 1) / classes, rise, 1});
  return sum;
}

}  // namespace nsameta
