#include "harness/digest.h"

#include <array>
#include <cstdio>

#include "plans.h"

namespace nsameta::harness {
namespace {

template <class Element>
void add_elements(digest& sum, const void* data, std::int64_t count) {
  const auto* elements = static_cast<const Element*>(data);
  for (std::int64_t i = 0; i < count; ++i) sum.add(elements[i]);
}

void add_elements(digest& sum, const nsameta_vector& vector) {
  if (vector.dtype == NSAMETA_BOOL)
    add_elements<std::uint8_t>(sum, vector.data, vector.capacity);
  else if (vector.dtype == NSAMETA_INT64)
    add_elements<std::int64_t>(sum, vector.data, vector.capacity);
  else
    add_elements<std::int32_t>(sum, vector.data, vector.capacity);
}

/// Rows of page tables are most of what is added. Their elements go to a few sums in turn, so that the processor need
/// not wait for one multiplication before it begins the next.
void add_row(digest& sum, std::span<const std::int32_t> row) {
  std::array<digest, 8> lanes;
  std::size_t i = 0;
  for (; i + lanes.size() <= row.size(); i += lanes.size())
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) lanes[lane].add(row[i + lane]);
  for (; i < row.size(); ++i) lanes[i % lanes.size()].add(row[i]);
  sum.add(std::ssize(row));
  for (const digest& lane : lanes) sum.add(static_cast<std::int64_t>(lane.value()));
}

std::vector<std::span<const std::int32_t>> whole_rows(const nsameta_table& table) {
  std::vector<std::span<const std::int32_t>> rows;
  for (std::int64_t row = 0; row < table.rows; ++row)
    rows.emplace_back(table.data + row * table.row_stride, static_cast<std::size_t>(table.width));
  return rows;
}

/// What leads a field in a digest: its place in the first version's list of vectors and then tables. Later fields have
/// numbers of their own, so that an answer without them keeps its digest.
constexpr std::int64_t number_of_vector(std::size_t place) {
  return static_cast<std::int64_t>(place < 12 ? 1 + place : 1000 + place);
}
constexpr std::int64_t number_of_table(std::size_t place) {
  return static_cast<std::int64_t>(place < 2 ? 13 + place : 2000 + place);
}

constexpr std::int64_t number_of_plan(nsameta_plan_kind kind) { return 3000 + kind; }

/// Adds what `part_of(field, vector)` and `rows_of(field, table)` name of each output.
template <class PartOf, class RowsOf>
void add_fields(digest& to, const nsameta_outputs& outputs, PartOf part_of, RowsOf rows_of) {
  digest sum = to;  // a local the compiler can keep in a register
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    const nsameta_vector vector = part_of(field, outputs.*field.member);
    if (vector.data == nullptr) continue;
    sum.add(number_of_vector(i));
    sum.add(vector.capacity);
    add_elements(sum, vector);
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    const table_field& field = table_fields[i];
    const nsameta_table& table = outputs.*field.member;
    if (table.data == nullptr) continue;
    const std::vector<std::span<const std::int32_t>> rows = rows_of(field, table);
    sum.add(number_of_table(i));
    sum.add(std::ssize(rows));
    for (const auto row : rows) add_row(sum, row);
  }
  to = sum;
}

}  // namespace

void digest::add(const nsameta_outputs& outputs, const live_shape& shape) {
  add_fields(
      *this, outputs,
      [&](const vector_field& field, const nsameta_vector& all) { return live_part(field, all, shape); },
      [&](const table_field& field, const nsameta_table& all) { return live_rows(field, all, shape); });
  for (const nsameta_plan& plan : plans_of(outputs)) {
    add(number_of_plan(plan.kind));
    for (std::size_t i = 0; i < row_of(plan.kind).buffers.size(); ++i) {
      if (plan.buffers[i].data == nullptr) continue;
      if (is_table(row_of(plan.kind).buffers[i]))
        for (const auto row : live_rows(plan, i, shape)) add_row(*this, row);
      else
        add_elements(*this, live_part(plan, i, shape));
    }
  }
}

void digest::add_whole(const nsameta_outputs& outputs) {
  add_fields(
      *this, outputs, [](const vector_field&, const nsameta_vector& all) { return all; },
      [](const table_field&, const nsameta_table& all) { return whole_rows(all); });
}

std::string digest::text() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum_));
  return text;
}

}  // namespace nsameta::harness
