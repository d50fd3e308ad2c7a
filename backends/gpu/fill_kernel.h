/// The one kernel: every block scans the batch's lengths, then takes its share of each output.
#pragma once

#include <type_traits>

#include "common/outcome.h"
#include "gpu/arguments.h"
#include "gpu/batch_scan.h"
#include "gpu/kernels.h"
#include "gpu/request_fields.h"
#include "gpu/row_fields.h"
#include "gpu/tails.h"

namespace nsameta::gpu {

/// The body of kernel `index` of the table in kernels.h.
template <int index, device_lane L>
NSAMETA_DEVICE void fill_block(L& lane, const fill_arguments& arguments,
                               block_memory<kernels[index].block_threads>& shared) {
  using rule_type = std::conditional_t<kernels[index].plain, plain_rule, general_rule>;
  const rule_type rule(arguments.problem);
  const auto batch = scan_batch(lane, arguments.problem, rule, shared);
  write_request_fields(lane, arguments, rule, batch);
  write_row_fields(lane, arguments, rule, batch);
  write_tails(lane, arguments, batch);
  if (lane.block() == 0 && lane.thread() == 0)
    write_outcome(arguments.problem, arguments.outputs, rule, batch.segments, batch.all);
}

}  // namespace nsameta::gpu
