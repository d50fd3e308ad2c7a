/// The top-k's plan, row by row.
#include <algorithm>
#include <array>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// A threshold of the ladder, and how many rows may be longer.
struct rung {
  std::int64_t length, most;
};
constexpr auto ladder =
    std::to_array<rung>({{393216, 128}, {262144, 112}, {196608, 80}, {131072, 60}, {98304, 48}, {65536, 30}});

}  // namespace

void write_topk(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                std::int32_t& /*status*/) {
  const std::vector<std::int64_t> lengths = lengths_of_rows(problem, requests);
  const auto longer_than = [&](std::int64_t length) {
    return std::ranges::count_if(lengths, [&](std::int64_t row) { return row > length; });
  };
  std::int64_t threshold = plan.threshold;
  if (threshold == 0) {
    threshold = ladder.front().length;
    for (const rung& step : ladder) {
      if (longer_than(step.length) > step.most) break;
      threshold = step.length;
    }
  }
  row_writer out(plan.buffers[0]);
  out.put({threshold, longer_than(threshold)});
  for (std::size_t row = 0; row < lengths.size(); ++row)
    if (lengths[row] > threshold) out.put({static_cast<std::int64_t>(row), lengths[row]});
}

}  // namespace nsameta::reference
