/// The policy table: which variant of which backend is expected to be fastest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "work_size.h"

namespace nsameta {

struct policy_row {
  const char* backend;
  const char* variant;
  double fixed_ns, ns_per_request, ns_per_row_element, ns_per_table_element;
  std::int32_t block_threads;  ///< GPU kernels, else 0
  std::int32_t max_blocks_per_multiprocessor;
  std::int64_t grain_rows;  ///< rows a parallel CPU task takes at least, else 0
};

/// The table that ships, in selection order.
std::span<const policy_row> policy_table() noexcept;

constexpr double expected_ns(const policy_row& row, const work_size& work) noexcept {
  return row.fixed_ns + row.ns_per_request * work.requests + row.ns_per_row_element * work.row_elements +
         row.ns_per_table_element * work.table_elements;
}

/// The row of a variant, null if the table has none.
const policy_row* find_policy(std::span<const policy_row> table, const char* backend, const char* variant) noexcept;

/// The smallest batch for which `large` is expected to beat `small`, where each request adds `row_elements`; nothing if
/// there is none up to 2^31 - 1 requests. Tests stand on both sides of it.
std::optional<std::int64_t> policy_threshold(const policy_row& small, const policy_row& large,
                                             std::int64_t row_elements) noexcept;

}  // namespace nsameta
