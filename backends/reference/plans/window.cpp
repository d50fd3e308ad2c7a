/// Sliding windows, position by position.
#include <algorithm>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// Where a position is kept; -1, and a bit, where the tables do not say.
std::int64_t slot_in_window(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                            std::int64_t position, std::int32_t& status) {
  if (plan.preset == NSAMETA_WINDOW_OF_POSITIONS) return position;
  const std::int64_t row = read(problem.req_pool_indices, r.index);
  if (row < 0 || row >= problem.req_to_token.slots) {
    status |= NSAMETA_BIT_BAD_SLOT;
    return -1;
  }
  if (plan.preset == NSAMETA_WINDOW_OF_RINGS) return row * plan.ring + position % plan.ring;
  if (position >= problem.req_to_token.width) {
    status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    return -1;
  }
  const std::int64_t kv_slot = problem.req_to_token.data[row * problem.req_to_token.row_stride + position];
  if (kv_slot < 0 || kv_slot >= problem.kv_slots) {
    status |= NSAMETA_BIT_BAD_SLOT;
    return -1;
  }
  return read(problem.full_to_swa, kv_slot);
}

/// Of the KV slot that the engine gives of a row; -1 where it gives none, or full_to_swa has no such element.
std::int64_t slot_of_given(const nsameta_problem& problem, std::int64_t row) {
  const std::optional<std::int64_t> kv_slot = slot_of_row(problem, row);
  return kv_slot && *kv_slot < problem.kv_slots ? read(problem.full_to_swa, *kv_slot) : -1;
}

/// The positions [low, high) that the row of token `j` sees, if it has no floor.
struct seen_range {
  std::int64_t low, high;
};
seen_range seen_by(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t j) {
  if (plan.whole_step == 0) {
    const std::int64_t v = positions_seen(problem, r, j);
    return {std::max<std::int64_t>(v - plan.window, 0), v};
  }
  if (!r.is_live) return {0, 0};
  const std::int64_t before = positions_wanted(problem.mode, r, 0) - 1;
  const std::int64_t end = std::min(r.cache_len, positions_wanted(problem.mode, r, r.tokens - 1));
  return {std::clamp<std::int64_t>(before - plan.window, 0, end), end};
}

}  // namespace

void write_window(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                  std::int32_t& status) {
  const nsameta_vector &lens = plan.buffers[0], &table = plan.buffers[1], &out_loc = plan.buffers[2];
  const std::int64_t table_rows = table.data == nullptr ? 0 : table.capacity / plan.columns;
  const bool rises = plan.oldest_first != 0 || plan.whole_step != 0;
  const bool by_rows = problem.out_cache_loc.data != nullptr && plan.preset == NSAMETA_WINDOW_OF_SLOTS;
  const bool looks = table.data != nullptr || (out_loc.data != nullptr && !by_rows);
  std::int64_t row = 0;
  const auto put_row = [&](const request& r, const seen_range& seen, std::int64_t floor, std::int64_t tokens,
                           std::int32_t& raised) {
    const auto [lowest, high] = seen;
    const std::int64_t low = std::clamp(floor, lowest, high);
    if (lens.data != nullptr && row < lens.capacity)
      static_cast<std::int32_t*>(lens.data)[row] = static_cast<std::int32_t>(high - low);
    const std::int64_t step = plan.whole_step != 0 ? tokens : 0;
    const std::int64_t columns =
        std::min<std::int64_t>(rounded_up(plan.window + step, plan.index_align) * plan.index_align, plan.columns);
    // Bits are those of what a row would see without its floor.
    if (table.data != nullptr && high - lowest > plan.columns) raised |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    for (std::int64_t position = lowest; looks && position < low; ++position)
      slot_in_window(problem, plan, r, position, raised);
    for (std::int64_t column = 0; column < std::max(columns, high - low); ++column) {
      std::int64_t slot = -1;
      if (looks && column < high - low)
        slot = slot_in_window(problem, plan, r, rises ? low + column : high - 1 - column, raised);
      if (row < table_rows && column < columns)
        static_cast<std::int32_t*>(table.data)[row * plan.columns + column] = static_cast<std::int32_t>(slot);
    }
  };
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    for (std::int64_t j = 0; j < rows; ++j, ++row) {
      std::int64_t own = -1;
      if (writes_key(problem, r, j))
        own = by_rows  ? slot_of_given(problem, row)
              : !looks ? -1
                       : slot_in_window(problem, plan, r, positions_seen(problem, r, j) - 1, status);
      if (out_loc.data != nullptr && row < out_loc.capacity)
        static_cast<std::int32_t*>(out_loc.data)[row] = static_cast<std::int32_t>(own);
      const bool has_floor = problem.swa_floor.data != nullptr && row < problem.row_values;
      put_row(r, seen_by(problem, plan, r, j), has_floor ? read(problem.swa_floor, row) : 0, r.tokens, status);
    }
  }
  for (std::int64_t i = 0; by_rows && out_loc.data != nullptr && i < requests.rows; ++i)
    if (const auto given = slot_of_row(problem, i); given && *given >= problem.kv_slots) status |= NSAMETA_BIT_BAD_SLOT;
  for (const nsameta_vector* rows : {&lens, &out_loc})
    if (rows->data != nullptr && rows->capacity < row) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (table.data != nullptr && table_rows < row) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  for (const std::int64_t end = row + padding_rows(problem, requests, row); row < end; ++row) {
    const request& last = requests.kept.back();
    const std::int64_t v = positions_of_padding_row(requests);
    std::int32_t ignored = 0;
    if (out_loc.data != nullptr && row < out_loc.capacity) static_cast<std::int32_t*>(out_loc.data)[row] = -1;
    put_row(last, {0, plan.whole_step != 0 ? std::min(v, last.cache_len) : v}, 0, 1, ignored);
  }
}

}  // namespace nsameta::reference
