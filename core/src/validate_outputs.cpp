#include <cinttypes>

#include "backends.h"
#include "byte_ranges.h"
#include "fields.h"
#include "name_list.h"
#include "raw_enum.h"
#include "status.h"
#include "validation.h"

namespace nsameta {
namespace {

constexpr nsameta_status bad = NSAMETA_INVALID_ARGUMENT;

void check_inputs(const nsameta_problem& problem, output_ranges* ranges) {
  const auto check = [ranges](const char* name, const void* data, std::int64_t bytes) {
    byte_range range;
    if (make_range(data, bytes, 1, name, &range)) ranges->check_input(range);
  };
  const auto vector = [&](const char* name, const nsameta_strided& lengths) {
    if (lengths.data != nullptr) check(name, lengths.data, strided_bytes(lengths, problem.batch_size));
  };
  vector("seq_lens", problem.seq_lens);
  vector("extend_seq_lens", problem.extend_seq_lens);
  vector("req_pool_indices", problem.req_pool_indices);
  const nsameta_token_table& slots = problem.req_to_token;
  if (slots.data == nullptr) return;
  check("req_to_token", slots.data, table_bytes(slots.slots, slots.width, slots.row_stride));
}

/// Inlined, because the field is a constant to its caller.
[[gnu::always_inline]] inline nsameta_status check_vector(const vector_field& field, const nsameta_vector& vector,
                                                          std::int64_t batch_size, output_ranges* ranges) {
  const int dtype = raw_value(vector.dtype);
  const bool wide = dtype == NSAMETA_INT64;
  if (!wide && dtype != NSAMETA_INT32) [[unlikely]]
    return fail(bad, "%s.dtype is %d, neither int32 (0) nor int64 (1)", field.name, dtype);
  if (wide && !field.may_be_int64) [[unlikely]]
    return fail(bad, "%s.dtype is int64 (1); only the cu_* arrays may be int64", field.name);
  const std::int64_t bytes = element_bytes(vector.dtype);
  if (misaligned(vector.data, bytes)) [[unlikely]]
    return fail(bad, "%s.data is %p, not aligned to its elements of %" PRId64 " bytes", field.name, vector.data, bytes);
  if (vector.capacity < 0) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", negative", field.name, vector.capacity);
  // Row outputs may be short: the device reports what did not fit.
  const std::int64_t needed = field.per_row() ? 0 : element_count(field.size, batch_size, 0);
  if (vector.capacity < needed) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", less than the %" PRId64 " that batch_size %" PRId64 " needs",
                field.name, vector.capacity, needed, batch_size);
  byte_range range;
  if (!make_range(vector.data, vector.capacity, bytes, field.name, &range)) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", which reaches past the end of memory", field.name, vector.capacity);
  ranges->add(range);
  return NSAMETA_OK;
}

nsameta_status check_table(const char* name, const nsameta_table& table, output_ranges* ranges) {
  if (misaligned(table.data, 4))
    return fail(bad, "%s.data is %p, not aligned to its elements of 4 bytes", name, static_cast<void*>(table.data));
  if (table.rows < 0) return fail(bad, "%s.rows is %" PRId64 ", negative", name, table.rows);
  if (table.width < 0) return fail(bad, "%s.width is %" PRId64 ", negative", name, table.width);
  if (table.row_stride < table.width)
    return fail(bad, "%s.row_stride is %" PRId64 ", less than the width %" PRId64, name, table.row_stride, table.width);
  std::int64_t elements = 0;
  byte_range range;
  if (__builtin_mul_overflow(table.rows > 0 ? table.rows : 1, table.row_stride, &elements) ||
      !make_range(table.data, elements, 4, name, &range))
    return fail(bad, "%s.rows is %" PRId64 ", which reaches past the end of memory", name, table.rows);
  make_range(table.data, table_bytes(table.rows, table.width, table.row_stride), 1, name, &range);
  ranges->add(range);
  return NSAMETA_OK;
}

nsameta_status refuse_field(const char* name, const nsameta_problem& p) {
  if (row_of(p.mode).indexer_ranges)
    return fail(bad, "%s is asked for, but kv_shard.size is %d: it goes with an unsharded KV cache only", name,
                p.kv_shard.size);
  name_list having;
  for (const mode_row& row : modes)
    if (row.indexer_ranges) having.add(row.name, row.mode);
  return fail(bad, "%s is asked for, but mode is %d: it goes with %s only", name, static_cast<int>(p.mode),
              having.text());
}

/// Outputs that only some problems have.
nsameta_status check_against_problem(const nsameta_problem& p, const nsameta_outputs& o) {
  nsameta_status status = NSAMETA_OK;
  for_each_wanted(o, [&]<std::size_t i>(const nsameta_vector&) {
    constexpr const vector_field& field = vector_fields[i];
    if constexpr (field.valid != validity::always) {
      if (!applies(field, p)) [[unlikely]]
        status = refuse_field(field.name, p);
    }
    return status == NSAMETA_OK;
  });
  if (status != NSAMETA_OK) [[unlikely]]
    return status;
  for (const table_field& field : table_fields) {
    if ((o.*field.member).data == nullptr || p.batch_size == 0) [[likely]]
      continue;
    if (p.req_pool_indices.data == nullptr)
      return fail(bad, "req_pool_indices is null, but %s is asked for", field.name);
    if (p.req_to_token.data == nullptr) return fail(bad, "req_to_token is null, but %s is asked for", field.name);
  }
  return NSAMETA_OK;
}

}  // namespace

nsameta_status validate_outputs(const nsameta_problem& problem, const nsameta_outputs* outputs) noexcept {
  if (outputs == nullptr) [[unlikely]]
    return fail(bad, "outputs is null");
  const nsameta_outputs& o = *outputs;
  const int vector_tail = raw_value(o.vector_tail), table_tail = raw_value(o.table_tail);
  if (vector_tail != NSAMETA_TAIL_KEEP && vector_tail != NSAMETA_TAIL_ZERO) [[unlikely]]
    return fail(bad, "vector_tail is %d, neither keep (0) nor zero (1)", vector_tail);
  if (table_tail < NSAMETA_TAIL_KEEP || table_tail > NSAMETA_TAIL_VALUE) [[unlikely]]
    return fail(bad, "table_tail is %d, none of keep (0), zero (1), value (2)", table_tail);
  constexpr std::int64_t farthest = std::int64_t{1} << 31;
  if (o.length_offset < -farthest || o.length_offset > farthest) [[unlikely]]
    return fail(bad, "length_offset is %" PRId64 ", outside [-2147483648, 2147483648]", o.length_offset);
  output_ranges ranges;
  nsameta_status status = NSAMETA_OK;
  const bool sound = for_each_wanted(o, [&]<std::size_t i>(const nsameta_vector& vector) {
    constexpr const vector_field& field = vector_fields[i];
    status = check_vector(field, vector, problem.batch_size, &ranges);
    return status == NSAMETA_OK;
  });
  if (!sound) [[unlikely]]
    return status;
  for (const table_field& field : table_fields) {
    const nsameta_table& table = o.*field.member;
    if (table.data == nullptr) [[likely]]
      continue;
    if (auto s = check_table(field.name, table, &ranges)) return s;
  }
  if (auto s = check_against_problem(problem, o)) [[unlikely]]
    return s;
  check_inputs(problem, &ranges);
  if (const overlap& found = ranges.found(); found.output != nullptr) [[unlikely]]
    return fail(bad, "%s overlaps %s: both hold the byte at %p", found.output, found.other, found.at);
  return NSAMETA_OK;
}

nsameta_status validate_target(const nsameta_target* target) noexcept {
  if (target == nullptr) [[unlikely]]
    return fail(bad, "target is null");
  const int kind = raw_value(target->kind);
  constexpr int kinds = static_cast<int>(device_kind_names.size());
  if (kind < 0 || kind >= kinds) [[unlikely]] {
    name_list known;
    for (int i = 0; i < kinds; ++i) known.add(device_kind_names[static_cast<std::size_t>(i)], i);
    return fail(bad, "target.kind is %d, none of %s", kind, known.text());
  }
  if (target->index < 0) [[unlikely]]
    return fail(bad, "target.index is %d, negative", target->index);
  if (kind == NSAMETA_DEVICE_HOST && target->index != 0) [[unlikely]]
    return fail(bad, "target.index is %d, but there is one host: 0", target->index);
  if ((target->flags & ~std::uint64_t{NSAMETA_TARGET_NO_OVERLAP}) != 0) [[unlikely]]
    return fail(bad, "target.flags is 0x%llx, which has more than no_overlap (0x1)",
                static_cast<unsigned long long>(target->flags));
  return NSAMETA_OK;
}

}  // namespace nsameta
