#include <algorithm>

#include "reference/definitions.h"
#include "reference/fill.h"

namespace nsameta::reference {
namespace {

/// A row of an output table.
struct table_row {
  std::int32_t* data;
  std::int64_t width;
};

bool holds(const nsameta_table& table, std::int64_t row) { return table.data != nullptr && row < table.rows; }

table_row row_of(const nsameta_table& table, std::int64_t row) {
  return {table.data + row * table.row_stride, table.width};
}

void write_tail(const nsameta_outputs& outputs, const table_row& out, std::int64_t live) {
  if (outputs.table_tail == NSAMETA_TAIL_KEEP) return;
  const std::int32_t value = outputs.table_tail == NSAMETA_TAIL_VALUE ? outputs.table_tail_value : 0;
  for (std::int64_t column = live; column < out.width; ++column) out.data[column] = value;
}

bool fits(const nsameta_table& table, std::int64_t columns) { return table.data == nullptr || columns <= table.width; }

std::int64_t page_count(const nsameta_problem& problem, std::int64_t positions) {
  return positions / problem.page_size + (positions % problem.page_size != 0 ? 1 : 0);
}

/// Engines mark absent positions with -1, and their floor division keeps that negative.
std::int32_t floor_divided(std::int32_t kv_slot, std::int32_t by) {
  const std::int32_t towards_zero = kv_slot / by;
  return kv_slot % by < 0 ? towards_zero - 1 : towards_zero;
}

/// `live` positions of `tokens`, as many as the row has columns for.
void write_positions(const nsameta_outputs& outputs, const std::int32_t* tokens, std::int64_t live,
                     const table_row& out) {
  std::int64_t column = 0;
  for (; column < live && column < out.width; ++column) out.data[column] = tokens[column];
  write_tail(outputs, out, column);
}

/// The pages that begin within `live` positions.
void write_pages(const nsameta_problem& problem, const nsameta_outputs& outputs, const std::int32_t* tokens,
                 std::int64_t live, const table_row& out) {
  std::int64_t page = 0;
  for (; page * problem.page_size < live && page < out.width; ++page) {
    out.data[page] = floor_divided(tokens[page * problem.page_size], problem.page_size);
  }
  write_tail(outputs, out, page);
}

/// Those of the `live` positions that are on the rank: position p is on rank (p / interleave) mod size. The ranks'
/// slots are shared, so that a slot is `size` times a row of the rank's own, plus a rank.
void write_local_positions(const nsameta_problem& problem, const nsameta_outputs& outputs, const std::int32_t* tokens,
                           std::int64_t live, const table_row& out) {
  const nsameta_kv_shard& shard = problem.kv_shard;
  std::int64_t column = 0;
  for (std::int64_t p = 0; p < live && column < out.width; ++p) {
    if (p / shard.interleave % shard.size == shard.rank) out.data[column++] = floor_divided(tokens[p], shard.size);
  }
  write_tail(outputs, out, column);
}

}  // namespace

void write_page_tables(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status) {
  const nsameta_token_table& source = problem.req_to_token;
  const nsameta_table& positions = outputs.page_table_1;
  const nsameta_table& pages = outputs.real_page_table;
  const nsameta_table& local_positions = outputs.local_page_table_1;
  if (positions.data == nullptr && pages.data == nullptr && local_positions.data == nullptr) return;

  std::int64_t first = 0;  // row of the tables that is written next
  const auto show = [&](const request& r, std::int64_t rows) {
    const std::int64_t length = r.is_live ? r.cache_len : 0, live = std::min(length, source.width);
    if (length > source.width || !fits(positions, live) || !fits(pages, page_count(problem, live)) ||
        !fits(local_positions, local(problem.kv_shard, live)))
      status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    const std::int64_t slot = r.is_live ? read(problem.req_pool_indices, r.index) : -1;
    const bool is_known = slot >= 0 && slot < source.slots;
    if (r.is_live && !is_known) status |= NSAMETA_BIT_BAD_SLOT;
    const std::int32_t* tokens = is_known ? source.data + slot * source.row_stride : nullptr;
    const std::int64_t shown = is_known ? live : 0;
    const std::int64_t end = first + rows;
    for (std::int64_t row = first; row < end && holds(positions, row); ++row)
      write_positions(outputs, tokens, shown, row_of(positions, row));
    for (std::int64_t row = first; row < end && holds(pages, row); ++row)
      write_pages(problem, outputs, tokens, shown, row_of(pages, row));
    for (std::int64_t row = first; row < end && holds(local_positions, row); ++row)
      write_local_positions(problem, outputs, tokens, shown, row_of(local_positions, row));
    first = end;
  };
  if (shown_once(problem.mode)) {
    for (const request& r : requests.kept) show(r, 1);
  } else {
    for (const run& part : requests.runs) show(requests.kept[part.request], part.rows);
  }

  for (const nsameta_table* table : {&positions, &pages, &local_positions}) {
    for (std::int64_t row = first; holds(*table, row); ++row) write_tail(outputs, row_of(*table, row), 0);
    if (table->data != nullptr && first > table->rows) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  }
}

}  // namespace nsameta::reference
