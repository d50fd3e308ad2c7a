/// The policy table: which variant of which backend is expected to be fastest.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace nsameta {

struct policy_row {
  const char* backend;
  const char* variant;
  double fixed_ns, ns_per_request, ns_per_row;
  std::int32_t block_threads;               ///< GPU kernels, else 0
  std::int32_t max_blocks_per_multiprocessor;
  std::int64_t grain_rows;                  ///< rows a parallel CPU task takes at least, else 0
};

/// The table that ships, in selection order.
std::span<const policy_row> policy_table() noexcept;

constexpr double expected_ns(const policy_row& row, std::int64_t requests, std::int64_t rows) noexcept {
  return row.fixed_ns + row.ns_per_request * static_cast<double>(requests) +
         row.ns_per_row * static_cast<double>(rows);
}

/// The row of a variant, null if the table has none.
const policy_row* find_policy(std::span<const policy_row> table, const char* backend, const char* variant) noexcept;

/// The smallest batch, of `rows_per_request` rows each, for which `large` is expected to beat `small`; nothing if there
/// is none up to 2^31 - 1 requests. Tests stand on both sides of it.
std::optional<std::int64_t> policy_threshold(const policy_row& small, const policy_row& large,
                                             std::int64_t rows_per_request) noexcept;

}  // namespace nsameta
