/// Every buffer of a call as one list: residency asks where each one is, staging copies each one.
#pragma once

#include <cstdint>
#include <type_traits>

#include "fields.h"
#include "nsameta/nsameta.h"
#include "plans.h"

namespace nsameta {

/// Of a set of outputs.
inline constexpr std::size_t most_buffers = output_count + std::size_t{NSAMETA_MAX_PLANS} * NSAMETA_PLAN_BUFFERS;

struct buffer {
  const char* name;
  std::int64_t bytes;  ///< from the first element to the end of the last
  bool output;
  std::int64_t run, stride;  ///< bytes that belong to it: runs of so many, one every so many; both `bytes` without gaps
};

constexpr std::int64_t strided_bytes(const nsameta_strided& vector, std::int64_t count) {
  return count == 0 ? 0 : ((count - 1) * vector.stride + 1) * element_bytes(vector.dtype);
}

/// The last row counts its width only: the buffer may be a view that ends there.
constexpr std::int64_t table_bytes(std::int64_t rows, std::int64_t width, std::int64_t row_stride) {
  return rows == 0 || width == 0 ? 0 : ((rows - 1) * row_stride + width) * 4;
}

constexpr buffer buffer_of(const char* name, const nsameta_strided& vector, std::int64_t count) {
  const std::int64_t each = element_bytes(vector.dtype), bytes = strided_bytes(vector, count);
  // The stride of one element may be any number.
  return vector.stride > 1 && count > 1 ? buffer{name, bytes, false, each, vector.stride * each}
                                        : buffer{name, bytes, false, bytes, bytes};
}

constexpr buffer buffer_of(const char* name, const nsameta_vector& vector) {
  const std::int64_t bytes = vector.capacity * element_bytes(vector.dtype);
  return {name, bytes, true, bytes, bytes};
}

constexpr buffer buffer_of(const char* name, std::int64_t rows, std::int64_t width, std::int64_t row_stride,
                           bool output) {
  const std::int64_t bytes = table_bytes(rows, width, row_stride);
  return row_stride > width ? buffer{name, bytes, output, width * 4, row_stride * 4}
                            : buffer{name, bytes, output, bytes, bytes};
}

constexpr buffer buffer_of(const char* name, const nsameta_table& table) {
  return buffer_of(name, table.rows, table.width, table.row_stride, true);
}

constexpr buffer buffer_of(const char* name, const nsameta_token_table& table) {
  return buffer_of(name, table.slots, table.width, table.row_stride, false);
}

/// Calls `visit(const buffer&, pointer&)` for every input that has bytes, always in the same order. The problem is a
/// validated one: what is absent may have any size and type. The pointer may be written through when it is not const.
template <class Problem, class Visit>
void for_each_input(Problem& problem, Visit&& visit) {
  const auto show = [&visit](const buffer& shown, auto& data) {
    if (shown.bytes > 0) visit(shown, data);
  };
  const auto vector = [&](const char* name, auto& one) {
    if (one.data != nullptr) show(buffer_of(name, one, problem.batch_size), one.data);
  };
  vector("seq_lens", problem.seq_lens);
  vector("extend_seq_lens", problem.extend_seq_lens);
  vector("req_pool_indices", problem.req_pool_indices);
  if (problem.live_requests != nullptr) show(buffer{"live_requests", 4, false, 4, 4}, problem.live_requests);
  auto& slots = problem.req_to_token;
  if (slots.data != nullptr) show(buffer_of("req_to_token", slots), slots.data);
  auto& blocks = problem.block_table;
  if (blocks.data != nullptr) show(buffer_of("block_table", blocks), blocks.data);
  vector("topk_lens", problem.topk_lens);
  vector("extra_topk_lens", problem.extra_topk_lens);
  vector("num_logits", problem.num_logits);
  vector("num_rejected", problem.num_rejected);
  if (auto& window = problem.full_to_swa; window.data != nullptr)
    show(buffer_of("full_to_swa", window, problem.kv_slots), window.data);
  if (auto& slots_of_rows = problem.out_cache_loc; slots_of_rows.data != nullptr)
    show(buffer_of("out_cache_loc", slots_of_rows, problem.row_values), slots_of_rows.data);
  if (auto& floors = problem.swa_floor; floors.data != nullptr)
    show(buffer_of("swa_floor", floors, problem.row_values), floors.data);
  for (std::size_t i = 0; i < block_table_names.size(); ++i)
    if (auto& table = problem.block_tables[i]; table.data != nullptr)
      show(buffer_of(block_table_names[i], table), table.data);
}

/// The same for the outputs. Plans are written through only where the caller of this owns them.
template <class Outputs, class Visit>
void for_each_output(Outputs& outputs, Visit&& visit) {
  const auto show = [&visit](const char* name, auto& one) {
    if (one.data == nullptr) return;
    const buffer shown = buffer_of(name, one);
    if (shown.bytes > 0) visit(shown, one.data);
  };
  for (const vector_field& field : vector_fields) show(field.name, outputs.*field.member);
  for (const table_field& field : table_fields) show(field.name, outputs.*field.member);
  for (const nsameta_plan& asked : plans_of(outputs)) {
    using plan = std::conditional_t<std::is_const_v<Outputs>, const nsameta_plan, nsameta_plan>;
    const std::span<const plan_buffer> named = row_of(asked.kind).buffers;
    for (std::size_t i = 0; i < named.size(); ++i) show(named[i].name, const_cast<plan&>(asked).buffers[i]);
  }
}

/// Inputs first.
template <class Problem, class Outputs, class Visit>
void for_each_buffer(Problem& problem, Outputs& outputs, Visit&& visit) {
  for_each_input(problem, visit);
  for_each_output(outputs, visit);
}

}  // namespace nsameta
