/// What stands beyond the live elements of the vectors, when the caller asks for it.
#pragma once

#include "common/extents.h"
#include "gpu/batch_scan.h"

namespace nsameta::gpu {

/// Elements are dealt over the whole grid.
template <int block_threads, device_lane L, class Batch>
NSAMETA_DEVICE void write_tails(L& lane, const Batch& batch, const scanned_batch& scanned) {
  const std::int64_t thread = static_cast<std::int64_t>(lane.block()) * block_threads + lane.thread();
  const std::int64_t stride = static_cast<std::int64_t>(lane.block_count()) * block_threads;
  for_each_tail(batch, scanned.all, [&](const nsameta_vector& vector, std::int64_t live, std::int64_t value) {
    if (!present(vector)) return;
    for (std::int64_t i = live + thread; i < vector.capacity; i += stride) store_sum(vector, i, value);
  });
}

}  // namespace nsameta::gpu
