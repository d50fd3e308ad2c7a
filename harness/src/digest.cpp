#include "harness/digest.h"

#include <cstdio>

#include "fields.h"

namespace nsameta::harness {
namespace {

template <class Element>
void add_elements(digest& sum, const void* data, std::int64_t count) {
  const auto* elements = static_cast<const Element*>(data);
  for (std::int64_t i = 0; i < count; ++i) sum.add(elements[i]);
}

}  // namespace

void digest::add(const nsameta_outputs& outputs) {
  digest sum = *this;  // a local the compiler can keep in a register
  std::int64_t place = 0;
  for (const vector_field& field : vector_fields) {
    ++place;
    const nsameta_vector& vector = outputs.*field.member;
    if (vector.data == nullptr) continue;
    sum.add(place);
    sum.add(vector.capacity);
    if (vector.dtype == NSAMETA_INT64) {
      add_elements<std::int64_t>(sum, vector.data, vector.capacity);
    } else {
      add_elements<std::int32_t>(sum, vector.data, vector.capacity);
    }
  }
  for (const table_field& field : table_fields) {
    ++place;
    const nsameta_table& table = outputs.*field.member;
    if (table.data == nullptr) continue;
    sum.add(place);
    sum.add(table.rows);
    for (std::int64_t row = 0; row < table.rows; ++row)
      add_elements<std::int32_t>(sum, table.data + row * table.row_stride, table.width);
  }
  *this = sum;
}

std::string digest::text() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum_));
  return text;
}

}  // namespace nsameta::harness
