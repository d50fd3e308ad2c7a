/// Clamping to top-k, and the closed form of its sums.
#pragma once

#include <cstdint>

#include "common/annotations.h"

namespace nsameta {

/// Sum of min(max(0, v), topk) for v below `end`: an arithmetic series up to top-k, then top-k per value.
/// Exact for end <= 2^31, topk < 2^31.
NSAMETA_HOST_DEVICE std::int64_t clamped_sum_below(std::int64_t end, std::int64_t topk) {
  if (end <= 0) return 0;
  if (end <= topk) return end * (end - 1) / 2;
  return topk * (topk + 1) / 2 + (end - 1 - topk) * topk;
}

/// Clamped length of a row that shows max(0, v) positions.
NSAMETA_HOST_DEVICE std::int32_t clamped(std::int64_t v, std::int64_t topk) {
  return static_cast<std::int32_t>(v < 0 ? 0 : v < topk ? v : topk);
}

}  // namespace nsameta
