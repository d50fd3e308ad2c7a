/// From the positions a row sees to the length its attention reads: localise to the kv shard, then clamp to top-k.
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

  static kv_shard_rule of(const nsameta_kv_shard& shard) {
    const std::int64_t run = shard.interleave;
    return {divisor::of(run * shard.size), divisor::of(run), run * shard.rank, run * (shard.size - 1 - shard.rank)};
  }
  NSAMETA_HOST_DEVICE bool is_on() const { return period.value != run.value; }

  /// Of the first `length` positions, those on this rank.
  NSAMETA_HOST_DEVICE std::int64_t operator()(std::int64_t length) const {
    if (!is_on()) return length;
    const std::int64_t periods = period.quotient(length);
    const std::int64_t past = length - periods * period.value - before;
    return periods * run.value + (past < 0 ? 0 : past < run.value ? past : run.value);
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

}  // namespace nsameta
