/// The one kernel: every block scans the batch's lengths, then takes its share of each output.
#pragma once

#include "common/outcome.h"
#include "gpu/arguments.h"
#include "gpu/batch_scan.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/tails.h"

namespace nsameta::gpu {

template <device_lane L, int block_threads>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments& arguments, block_memory<block_threads>& shared) {
  const scanned_batch<block_threads> batch = scan_batch<L, block_threads>(lane, arguments.problem, shared);
  write_request_fields(lane, arguments, batch);
  write_row_fields(lane, arguments, batch);
  write_tails(lane, arguments, batch);
  if (lane.block() == 0 && lane.thread() == 0)
    write_outcome(arguments.problem, arguments.outputs, batch.segments, batch.all);
}

}  // namespace nsameta::gpu
