/// What a kernel is launched with, by value.
#pragma once

#include <cstdint>

#include "common/lengths.h"
#include "gpu/grid.h"

namespace nsameta::gpu {

/// The per-row outputs, a bit each.
enum row_field : std::uint32_t {
  field_expanded = 1,
  field_clamped = 2,
  field_clamped_sums = 4,
  field_row_numbers = 8,
  field_indexer_start = 16,
  field_indexer_end = 32,
  field_request = 64
};

/// What the host has worked out of one set of outputs, so that a kernel reads little before it starts.
struct set_plan {
  grid_parts parts;
  std::int64_t kv_offset;
  std::int64_t row_limit;    ///< rows that at least one output takes
  std::uint32_t row_fields;  ///< which of the per-row outputs are wanted
  bool vector_tail;          ///< whether anything is written beyond the live elements of vectors
};

/// The problem and the outputs as the caller stated them, validated, every pointer reachable by the device, led by what
/// most kernels need of them: arguments are constants, and each cache line of those costs 50 cycles. Under the 4 KB
/// that every vendor takes.
template <int max_sets>
struct fill_arguments {
  batch_lengths lengths;
  set_plan plans[max_sets];
  nsameta_problem problem;
  nsameta_outputs outputs[max_sets];
};
static_assert(sizeof(fill_arguments<NSAMETA_SETS_PER_LAUNCH>) <= 4096);

}  // namespace nsameta::gpu
