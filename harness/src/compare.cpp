#include "harness/compare.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "buffers.h"
#include "plans.h"

namespace nsameta::harness {
namespace {

template <class Element>
std::optional<difference> first_difference(const char* field, const void* got, const void* expected,
                                           std::int64_t count) {
  // One fast look first: nearly all comparisons find nothing.
  if (std::memcmp(got, expected, static_cast<std::size_t>(count) * sizeof(Element)) == 0) return std::nullopt;
  const auto* a = static_cast<const Element*>(got);
  const auto* b = static_cast<const Element*>(expected);
  const std::int64_t at = std::mismatch(a, a + count, b).first - a;
  return difference{field, at, a[at], b[at]};
}

std::optional<difference> first_difference(const char* field, const nsameta_vector& got,
                                           const nsameta_vector& expected) {
  if (got.dtype == NSAMETA_BOOL) return first_difference<std::uint8_t>(field, got.data, expected.data, got.capacity);
  return got.dtype == NSAMETA_INT64 ? first_difference<std::int64_t>(field, got.data, expected.data, got.capacity)
                                    : first_difference<std::int32_t>(field, got.data, expected.data, got.capacity);
}

void require_alike(const char* field, bool alike) {
  if (!alike) throw std::invalid_argument(std::string(field) + " is not of one size in the two answers");
}

void require_alike(const char* field, const nsameta_vector& a, const nsameta_vector& b) {
  require_alike(field, (a.data == nullptr) == (b.data == nullptr) && a.capacity == b.capacity && a.dtype == b.dtype);
}

void require_alike(const char* field, const nsameta_table& a, const nsameta_table& b) {
  require_alike(field, (a.data == nullptr) == (b.data == nullptr) && a.rows == b.rows && a.width == b.width &&
                           a.row_stride == b.row_stride);
}

/// The plans' buffers, whole: what a plan does not write stays as it was.
std::optional<difference> compare_plans(const nsameta_outputs& got, const nsameta_outputs& expected) {
  const std::span<const nsameta_plan> a = plans_of(got), b = plans_of(expected);
  require_alike("plans", a.size() == b.size());
  for (std::size_t plan = 0; plan < a.size(); ++plan) {
    const std::span<const plan_buffer> buffers = row_of(a[plan].kind).buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      require_alike(buffers[i].name, a[plan].buffers[i], b[plan].buffers[i]);
      if (a[plan].buffers[i].data == nullptr) continue;
      if (const auto found = first_difference(buffers[i].name, a[plan].buffers[i], b[plan].buffers[i])) return found;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string to_string(const difference& d) {
  return d.field + "[" + std::to_string(d.index) + "]: " + std::to_string(d.got) + ", expected " +
         std::to_string(d.expected);
}

std::optional<difference> compare(const nsameta_outputs& got, const nsameta_outputs& expected) {
  for (const vector_field& field : vector_fields) {
    const nsameta_vector& a = got.*field.member;
    const nsameta_vector& b = expected.*field.member;
    require_alike(field.name, a, b);
    if (a.data == nullptr) continue;
    if (const auto found = first_difference(field.name, a, b)) return found;
  }
  for (const table_field& field : table_fields) {
    const nsameta_table& a = got.*field.member;
    const nsameta_table& b = expected.*field.member;
    require_alike(field.name, a, b);
    if (a.data == nullptr) continue;
    if (const auto found =
            first_difference<std::int32_t>(field.name, a.data, b.data, table_bytes(a.rows, a.width, a.row_stride) / 4))
      return found;
  }
  return compare_plans(got, expected);
}

std::optional<difference> compare_live(const nsameta_outputs& got, const nsameta_outputs& expected,
                                       const live_shape& shape) {
  for (const vector_field& field : vector_fields) {
    const nsameta_vector& a = got.*field.member;
    const nsameta_vector& b = expected.*field.member;
    require_alike(field.name, a, b);
    if (a.data == nullptr) continue;
    if (const auto found = first_difference(field.name, live_part(field, a, shape), live_part(field, b, shape)))
      return found;
  }
  for (const table_field& field : table_fields) {
    const nsameta_table& a = got.*field.member;
    require_alike(field.name, a, expected.*field.member);
    const auto rows = live_rows(field, a, shape);
    const auto expected_rows = live_rows(field, expected.*field.member, shape);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      auto found = first_difference<std::int32_t>(field.name, rows[row].data(), expected_rows[row].data(),
                                                  std::ssize(rows[row]));
      if (!found) continue;
      found->index += static_cast<std::int64_t>(row) * a.row_stride;
      return found;
    }
  }
  return compare_plans(got, expected);
}

}  // namespace nsameta::harness
