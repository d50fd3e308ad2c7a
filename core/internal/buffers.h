/// Every buffer of a call as one list: residency asks where each one is, staging copies each one.
#pragma once

#include <cstdint>

#include "fields.h"
#include "nsameta/nsameta.h"

namespace nsameta {

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

/// Calls `visit(const buffer&, pointer&)` for every input that has bytes, always in the same order. The problem is a
/// validated one: what is absent may have any size and type. The pointer may be written through when it is not const.
template <class Problem, class Visit>
void for_each_input(Problem& problem, Visit&& visit) {
  const auto show = [&visit](const char* name, auto& data, std::int64_t bytes) {
    if (bytes > 0) visit(buffer{name, bytes, false}, data);
  };
  const auto vector = [&](const char* name, auto& one) {
    if (one.data != nullptr) show(name, one.data, strided_bytes(one, problem.batch_size));
  };
  vector("seq_lens", problem.seq_lens);
  vector("extend_seq_lens", problem.extend_seq_lens);
  vector("req_pool_indices", problem.req_pool_indices);
  auto& slots = problem.req_to_token;
  if (slots.data != nullptr) show("req_to_token", slots.data, table_bytes(slots.slots, slots.width, slots.row_stride));
}

/// The same for the outputs.
template <class Outputs, class Visit>
void for_each_output(Outputs& outputs, Visit&& visit) {
  const auto show = [&visit](const char* name, auto& data, std::int64_t bytes) {
    if (bytes > 0) visit(buffer{name, bytes, true}, data);
  };
  for (const vector_field& field : vector_fields) {
    auto& vector = outputs.*field.member;
    if (vector.data != nullptr) show(field.name, vector.data, vector.capacity * element_bytes(vector.dtype));
  }
  for (const table_field& field : table_fields) {
    auto& table = outputs.*field.member;
    if (table.data != nullptr) show(field.name, table.data, table_bytes(table.rows, table.width, table.row_stride));
  }
}

/// Inputs first.
template <class Problem, class Outputs, class Visit>
void for_each_buffer(Problem& problem, Outputs& outputs, Visit&& visit) {
  for_each_input(problem, visit);
  for_each_output(outputs, visit);
}

}  // namespace nsameta
