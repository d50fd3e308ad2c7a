#include "work_size.h"

#include <algorithm>

#include "problem.h"

namespace nsameta {
namespace {

/// Elements of a page that real_page_table costs: the memory reads a sector of 32 bytes for each.
constexpr std::int32_t sector_elements = 8;

double table_elements(const nsameta_problem& problem, const nsameta_outputs& outputs, std::int64_t row_bound) {
  const bool one_row_each = problem.mode == NSAMETA_DECODE || problem.mode == NSAMETA_EXTEND;
  const auto rows = static_cast<double>(one_row_each ? problem.batch_size : row_bound);
  const bool tails = outputs.table_tail != NSAMETA_TAIL_KEEP;
  const auto elements = [&](const nsameta_table& table, std::int64_t source_width, std::int32_t weight) {
    if (table.data == nullptr) return 0.0;
    const double live = live_share * static_cast<double>(std::min(table.width, source_width));
    return std::min(rows, static_cast<double>(table.rows)) * (tails ? static_cast<double>(table.width) : live * weight);
  };
  const std::int64_t width = problem.req_to_token.width;
  return elements(outputs.page_table_1, width, 1) + elements(outputs.real_page_table,
                                                             (width + problem.page_size - 1) / problem.page_size,
                                                             std::min(problem.page_size, sector_elements));
}

}  // namespace

call_size measure(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept {
  const row_outputs rows = row_outputs_of(outputs);
  const std::int64_t bound = row_bound(problem, rows);
  call_size size{bound, {static_cast<double>(problem.batch_size), 0, 0}};
  size.work.row_elements = static_cast<double>(bound) * static_cast<double>(std::max<std::int64_t>(1, rows.count));
  if (outputs.page_table_1.data != nullptr || outputs.real_page_table.data != nullptr) [[unlikely]]
    size.work.table_elements = table_elements(problem, outputs, bound);
  return size;
}

call_size measure_sets(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count) noexcept {
  call_size largest = measure(problem, sets[0]);
  for (std::int64_t set = 1; set < count; ++set) {
    const call_size other = measure(problem, sets[set]);
    largest.row_bound = std::max(largest.row_bound, other.row_bound);
    largest.work.row_elements = std::max(largest.work.row_elements, other.work.row_elements);
    largest.work.table_elements = std::max(largest.work.table_elements, other.work.table_elements);
  }
  return largest;
}

}  // namespace nsameta
