#include "harness/compare.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "fields.h"

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

std::invalid_argument not_alike(const char* field) {
  return std::invalid_argument(std::string(field) + " is not of one size in the two answers");
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
    if ((a.data == nullptr) != (b.data == nullptr) || a.capacity != b.capacity || a.dtype != b.dtype)
      throw not_alike(field.name);
    if (a.data == nullptr) continue;
    const auto found = a.dtype == NSAMETA_INT64
                           ? first_difference<std::int64_t>(field.name, a.data, b.data, a.capacity)
                           : first_difference<std::int32_t>(field.name, a.data, b.data, a.capacity);
    if (found) return found;
  }
  for (const table_field& field : table_fields) {
    const nsameta_table& a = got.*field.member;
    const nsameta_table& b = expected.*field.member;
    if ((a.data == nullptr) != (b.data == nullptr) || a.rows != b.rows || a.row_stride != b.row_stride)
      throw not_alike(field.name);
    if (a.data == nullptr) continue;
    if (const auto found = first_difference<std::int32_t>(field.name, a.data, b.data, a.rows * a.row_stride))
      return found;
  }
  return std::nullopt;
}

}  // namespace nsameta::harness
