/// The outputs that kernels tell apart by bits.
#pragma once

#include <cstdint>

namespace nsameta::gpu {

enum row_field : std::uint32_t {
  field_expanded = 1,
  field_clamped = 2,
  field_clamped_sums = 4,
  field_row_numbers = 8,
  field_indexer_start = 16,
  field_indexer_end = 32,
  field_request = 64,
  request_fields = 128  ///< any of the per-request outputs, or T
};

}  // namespace nsameta::gpu
