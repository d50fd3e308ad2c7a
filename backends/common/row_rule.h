/// From the positions a row sees to the length its attention reads: localise to the kv shard, then clamp to top-k.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "nsameta/nsameta.h"

namespace nsameta {

/// Of the first `length` positions, those on this rank. Positions are dealt in runs of `interleave`.
NSAMETA_HOST_DEVICE std::int64_t local_length(const nsameta_kv_shard& shard, std::int64_t length) {
  if (shard.size == 1) return length;
  const std::int64_t run = shard.interleave;
  const std::int64_t period = run * shard.size;
  const std::int64_t past = length % period - shard.rank * run;
  return length / period * run + (past < 0 ? 0 : past < run ? past : run);
}

/// Top-k over whole pools of positions; the last, partial pool always counts in full.
struct clamp_rule {
  std::int64_t topk, kpool;

  NSAMETA_HOST_DEVICE std::int64_t operator()(std::int64_t length) const {
    const std::int64_t partial = kpool == 1 ? 0 : length % kpool;
    const std::int64_t whole = length - partial;
    return (whole < topk ? whole : topk) + partial;
  }
};

}  // namespace nsameta
