/// The status word, by one block. It counts in int64 always: it tells what int32 cannot hold.
#pragma once

#include "common/outcome.h"
#include "gpu/shares.h"

namespace nsameta::gpu {

/// The request that holds `row`, for row < T.
template <wanted_totals wanted, class Batch, class Table>
NSAMETA_DEVICE located_request locate_row(const Batch& batch, const scanned_batch<std::int64_t>& scanned,
                                          const Table& table, std::int64_t row) {
  int segment = 0;
  for (int step = max_segments / 2; step > 0; step /= 2)
    if (segment + step < scanned.segments && batch.rows(table.template load<wanted>(segment + step)) <= row)
      segment += step;
  located_request at{segment * scanned.segment_length, {}, table.template load<wanted>(segment)};
  for (;; ++at.index) {
    at.value = batch.load(at.index, at.before);
    const totals through = at.before + batch.template totals_of<wanted>(at.index, at.value);
    if (row < batch.rows(through) || at.index + 1 >= batch.lengths.requests) return at;
    at.before = through;
  }
}

template <int block_threads, thread_context L, class Batch>
NSAMETA_DEVICE void write_status_word(L& lane, Batch& batch, scan_memory<std::int64_t, block_threads>& shared) {
  constexpr wanted_totals wanted{
      .tokens = true, .kv_len = true, .clamped = true, .kept = Batch::rule_type::deals, .bits = true};
  const auto scanned = scan_batch<wanted>(lane, batch, shared);
  if (lane.thread() != 0) return;
  *static_cast<std::uint32_t*>(batch.out.status.data) = status_word(
      batch, scanned.all, [&](std::int64_t row) { return locate_row<wanted>(batch, scanned, shared.before, row); });
}

}  // namespace nsameta::gpu
