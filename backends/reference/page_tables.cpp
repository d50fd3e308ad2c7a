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

/// Engines mark absent positions with -1, and their floor division keeps that a negative page.
std::int32_t page_of(std::int32_t kv_slot, std::int32_t page_size) {
  const std::int32_t towards_zero = kv_slot / page_size;
  return kv_slot % page_size < 0 ? towards_zero - 1 : towards_zero;
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
    out.data[page] = page_of(tokens[page * problem.page_size], problem.page_size);
  }
  write_tail(outputs, out, page);
}

}  // namespace

void write_page_tables(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status) {
  const nsameta_token_table& source = problem.req_to_token;
  const nsameta_table& positions = outputs.page_table_1;
  const nsameta_table& pages = outputs.real_page_table;
  if (positions.data == nullptr && pages.data == nullptr) return;
  const auto write_tail_rows = [&](const nsameta_table& table, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end && holds(table, row); ++row) write_tail(outputs, row_of(table, row), 0);
  };

  std::int64_t first = 0;  // row of the tables that belongs to this request
  for (const request& r : requests.kept) {
    const std::int64_t end = first + (shown_once(problem.mode) ? 1 : r.rows);
    if (first == end) continue;
    if (r.cache_len > source.width || !fits(positions, r.cache_len) || !fits(pages, page_count(problem, r.cache_len)))
      status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    const std::int64_t slot = r.is_live ? read(problem.req_pool_indices, r.index) : -1;
    if (slot < 0 || slot >= source.slots) {
      if (r.is_live) status |= NSAMETA_BIT_BAD_SLOT;
      write_tail_rows(positions, first, end);
      write_tail_rows(pages, first, end);
      first = end;
      continue;
    }
    const std::int32_t* tokens = source.data + slot * source.row_stride;
    const std::int64_t live = std::min(r.cache_len, source.width);
    for (std::int64_t row = first; row < end && holds(positions, row); ++row) {
      write_positions(outputs, tokens, live, row_of(positions, row));
    }
    for (std::int64_t row = first; row < end && holds(pages, row); ++row) {
      write_pages(problem, outputs, tokens, live, row_of(pages, row));
    }
    first = end;
  }

  for (const nsameta_table* table : {&positions, &pages}) {
    write_tail_rows(*table, first, table->rows);
    if (table->data != nullptr && first > table->rows) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  }
}

}  // namespace nsameta::reference
