/// Every buffer of a call as one list: residency asks where each one is, staging copies each one.
#pragma once

#include <cstdint>

#include "fields.h"
#include "nsameta/nsameta.h"

namespace nsameta {

inline constexpr int max_buffers = 4 + static_cast<int>(output_count);

struct buffer {
  const char* name;
  std::int64_t bytes;  ///< from the first element to the end of the last
  bool output;
};

constexpr std::int64_t strided_bytes(const nsameta_strided& vector, std::int64_t count) {
  return count == 0 ? 0 : ((count - 1) * vector.stride + 1) * element_bytes(vector.dtype);
}

/// The last row counts its width only: the buffer may be a view that ends there.
constexpr std::int64_t table_bytes(std::int64_t rows, std::int64_t width, std::int64_t row_stride) {
  return rows == 0 ? 0 : ((rows - 1) * row_stride + width) * 4;
}

/// Calls `visit(const buffer&, pointer&)` for every buffer that has bytes, inputs first, always in the same order. The
/// problem and the outputs are validated ones: what is absent may have any size and type. The pointer may be written
/// through when they are not const.
template <class Problem, class Outputs, class Visit>
void for_each_buffer(Problem& problem, Outputs& outputs, Visit&& visit) {
  const auto show = [&visit](const char* name, std::int64_t bytes, bool output, auto& data) {
    if (bytes > 0) visit(buffer{name, bytes, output}, data);
  };
  const auto input = [&](const char* name, auto& vector) {
    if (vector.data != nullptr) show(name, strided_bytes(vector, problem.batch_size), false, vector.data);
  };
  input("seq_lens", problem.seq_lens);
  input("extend_seq_lens", problem.extend_seq_lens);
  input("req_pool_indices", problem.req_pool_indices);
  auto& slots = problem.req_to_token;
  if (slots.data != nullptr)
    show("req_to_token", table_bytes(slots.slots, slots.width, slots.row_stride), false, slots.data);
  for (const vector_field& field : vector_fields) {
    auto& vector = outputs.*field.member;
    if (vector.data != nullptr) show(field.name, vector.capacity * element_bytes(vector.dtype), true, vector.data);
  }
  for (const table_field& field : table_fields) {
    auto& table = outputs.*field.member;
    if (table.data != nullptr)
      show(field.name, table_bytes(table.rows, table.width, table.row_stride), true, table.data);
  }
}

}  // namespace nsameta
