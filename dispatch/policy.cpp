#include "policy.h"

#include <limits>
#include <string_view>

namespace nsameta {
namespace {

constexpr policy_row shipped[] = {
#include "policy_table.inc"
};

}  // namespace

std::span<const policy_row> policy_table() noexcept { return shipped; }

const policy_row* find_policy(std::span<const policy_row> table, const char* backend, const char* variant) noexcept {
  for (const policy_row& row : table) {
    if (std::string_view(row.backend) == backend && std::string_view(row.variant) == variant) return &row;
  }
  return nullptr;
}

std::optional<std::int64_t> policy_threshold(const policy_row& small, const policy_row& large,
                                             std::int64_t row_elements) noexcept {
  const auto large_wins = [&](std::int64_t requests) {
    const auto batch = static_cast<double>(requests);
    const work_size work{batch, batch * static_cast<double>(row_elements), 0};
    return expected_ns(large, work) < expected_ns(small, work);
  };
  // Both costs are straight lines over the batch, so the sign changes once and bisection finds where.
  std::int64_t loses = 0, wins = std::numeric_limits<std::int32_t>::max();
  if (large_wins(loses)) return 0;
  if (!large_wins(wins)) return std::nullopt;
  while (wins - loses > 1) {
    const std::int64_t middle = loses + (wins - loses) / 2;
    (large_wins(middle) ? wins : loses) = middle;
  }
  return wins;
}

}  // namespace nsameta
