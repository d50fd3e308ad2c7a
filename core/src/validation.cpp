#include "validation.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <limits>

#include "backends.h"
#include "byte_ranges.h"
#include "checks.h"
#include "fields.h"
#include "problem.h"
#include "status.h"

namespace nsameta {
namespace {

/// Few enough for the stack; two blocks of them are compared together.
constexpr std::int64_t block_sets = NSAMETA_SETS_PER_LAUNCH;

/// `rows_name`: what the structure calls its rows.
nsameta_status check_rows(const char* name, const void* data, const char* rows_name, std::int64_t rows,
                          std::int64_t width, std::int64_t row_stride) {
  if (auto s = check_alignment(name, data, 4)) return s;
  if (rows < 0) return fail(bad, "%s.%s is %" PRId64 ", negative", name, rows_name, rows);
  if (width < 0) return fail(bad, "%s.width is %" PRId64 ", negative", name, width);
  if (row_stride < width)
    return fail(bad, "%s.row_stride is %" PRId64 ", less than the width %" PRId64, name, row_stride, width);
  std::int64_t elements = 0;
  byte_range range;
  if (__builtin_mul_overflow(rows > 0 ? rows : 1, row_stride, &elements) ||
      !make_range(data, elements, 4, name, &range))
    return fail(bad, "%s.%s is %" PRId64 ", which reaches past the end of memory", name, rows_name, rows);
  return NSAMETA_OK;
}

// --------------------------------------------------------------------------------------------- problem

nsameta_status check_input(const char* name, const nsameta_strided& vector, std::int64_t count) {
  if (vector.data == nullptr) return NSAMETA_OK;
  if (vector.stride < 0) [[unlikely]]
    return fail(bad, "%s.stride is %" PRId64 ", negative", name, vector.stride);
  if (auto s = check_elements(name, vector.data, vector.dtype)) [[unlikely]]
    return s;
  std::int64_t span = 0;
  byte_range range;
  if (count > 0 && (__builtin_mul_overflow(count - 1, vector.stride, &span) || __builtin_add_overflow(span, 1, &span) ||
                    !make_range(vector.data, span, element_bytes(vector.dtype), name, &range))) [[unlikely]]
    return fail(bad, "%s.stride is %" PRId64 ": %" PRId64 " elements reach past the end of memory", name, vector.stride,
                count);
  return NSAMETA_OK;
}

/// Which of extend_seq_lens and uniform_extend_len the mode wants.
nsameta_status check_query_lengths(const nsameta_problem& p) {
  const bool ragged = p.extend_seq_lens.data != nullptr;
  const std::int64_t n = p.uniform_extend_len;
  if (n < 0 || n > std::numeric_limits<std::int32_t>::max()) [[unlikely]]
    return fail(bad, "uniform_extend_len is %" PRId64 ", outside [0, 2147483647]", n);
  const mode_row& mode = row_of(p.mode);
  if (ragged && !mode.takes_ragged) [[unlikely]]
    return fail(bad, "extend_seq_lens is given, but mode %s takes none", mode.name);
  if (n != 0 && !mode.takes_uniform) [[unlikely]]
    return fail(bad, "uniform_extend_len is %" PRId64 ", but mode %s takes none: 0 is wanted", n, mode.name);
  if (ragged && n != 0 && !mode.takes_both) [[unlikely]]
    return fail(bad,
                "uniform_extend_len is %" PRId64 ", but extend_seq_lens is given too, and mode %s takes one of them", n,
                mode.name);
  if (!ragged && n == 0 && mode.takes_ragged && p.batch_size > 0) [[unlikely]]
    return fail(bad, "extend_seq_lens is absent and uniform_extend_len is 0: mode %s needs one of both", mode.name);
  return NSAMETA_OK;
}

nsameta_status check_shard(const char* name, std::int32_t size, std::int32_t rank) {
  if (size < 1) [[unlikely]]
    return fail(bad, "%s.size is %d, less than 1", name, size);
  if (rank < 0 || rank >= size) [[unlikely]]
    return fail(bad, "%s.rank is %d, outside its size: [0, %d)", name, rank, size);
  return NSAMETA_OK;
}

nsameta_status check_parameters(const nsameta_problem& p) {
  if (p.context_limit < 0 || p.context_limit > std::numeric_limits<std::int32_t>::max()) [[unlikely]]
    return fail(bad, "context_limit is %" PRId64 ", outside [0, 2147483647]", p.context_limit);
  if (auto s = check_alignment("live_requests", p.live_requests, sizeof *p.live_requests)) [[unlikely]]
    return s;
  if (p.page_size < 1 || p.page_size > 65536) [[unlikely]]
    return fail(bad, "page_size is %d, outside [1, 65536]", p.page_size);
  if (p.block_size < 1 || p.block_size > 65536) [[unlikely]]
    return fail(bad, "block_size is %d, outside [1, 65536]", p.block_size);
  if (p.index_topk < 1) [[unlikely]]
    return fail(bad, "index_topk is %d, less than 1", p.index_topk);
  if (p.index_kpool < 1) [[unlikely]]
    return fail(bad, "index_kpool is %d, less than 1", p.index_kpool);
  if (p.seq_pad < 0 || p.seq_pad > 1) [[unlikely]]
    return fail(bad, "seq_pad is %d, neither 0 nor 1", p.seq_pad);
  if (p.reserved != 0) [[unlikely]]
    return fail(NSAMETA_UNSUPPORTED, "problem.reserved is %d: this version knows 0 alone", p.reserved);
  const nsameta_kv_shard& kv = p.kv_shard;
  if (auto s = check_shard("kv_shard", kv.size, kv.rank)) [[unlikely]]
    return s;
  if (kv.interleave < 1) [[unlikely]]
    return fail(bad, "kv_shard.interleave is %d, less than 1", kv.interleave);
  // Else a pool would lie on several ranks, and none could select it.
  if (p.index_kpool > 1 && kv.size > 1 && kv.interleave % p.index_kpool != 0) [[unlikely]]
    return fail(bad, "kv_shard.interleave is %d, no multiple of index_kpool, which is %d", kv.interleave,
                p.index_kpool);
  const nsameta_q_shard& q = p.q_shard;
  if (auto s = check_shard("q_shard", q.size, q.rank)) [[unlikely]]
    return s;
  const int kind = raw_value(q.kind);
  if (kind < 0 || kind >= static_cast<int>(q_shard_kind_names.size())) [[unlikely]] {
    name_list known;
    for (std::size_t i = 0; i < q_shard_kind_names.size(); ++i) known.add(q_shard_kind_names[i], static_cast<int>(i));
    return fail(bad, "q_shard.kind is %d, none of %s", kind, known.text());
  }
  // With a round-robin shard of the tokens and the cache sharded too, sums are made class by class: one class for each
  // position of the KV shard's period.
  constexpr std::int64_t longest_period = 65536;
  if (q.kind == NSAMETA_Q_SHARD_ROUND_ROBIN && q.size > 1 && kv.size > 1 &&
      std::int64_t{kv.interleave} * kv.size > longest_period) [[unlikely]]
    return fail(bad, "kv_shard.interleave is %d: with q_shard round_robin, size * interleave may be 65536 at most",
                kv.interleave);
  return NSAMETA_OK;
}

// --------------------------------------------------------------------------------------------- outputs

/// Inlined, because the field is a constant to its caller.
[[gnu::always_inline]] inline nsameta_status check_vector(const vector_field& field, const nsameta_vector& vector,
                                                          std::int64_t batch_size, output_ranges* ranges) {
  if (field.holds == elements::boolean) {
    if (raw_value(vector.dtype) != NSAMETA_BOOL) [[unlikely]]
      return fail(bad, "%s.dtype is %d, but the field is bool (2)", field.name, raw_value(vector.dtype));
  } else if (auto s = check_elements(field.name, vector.data, vector.dtype)) [[unlikely]] {
    return s;
  }
  if (!field.may_be(vector.dtype)) [[unlikely]]
    return fail(bad, "%s.dtype is %s, but the field is %s", field.name,
                vector.dtype == NSAMETA_INT64 ? "int64 (1)" : "int32 (0)",
                field.holds == elements::int64 ? "int64 (1)" : "int32 (0)");
  if (vector.capacity < 0) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", negative", field.name, vector.capacity);
  // Row outputs may be short: the device reports what did not fit.
  const std::int64_t needed = field.per_row() ? 0 : element_count(field.size, batch_size, 0);
  if (vector.capacity < needed) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", less than the %" PRId64 " that batch_size %" PRId64 " needs",
                field.name, vector.capacity, needed, batch_size);
  byte_range range;
  if (!make_range(vector.data, vector.capacity, element_bytes(vector.dtype), field.name, &range)) [[unlikely]]
    return fail(bad, "%s.capacity is %" PRId64 ", which reaches past the end of memory", field.name, vector.capacity);
  ranges->add(range);
  return NSAMETA_OK;
}

/// Whether there is room for padding rows.
nsameta_status check_padding_rows(const nsameta_problem& p, const nsameta_outputs& o) {
  for (const vector_field& field : vector_fields)
    if (const nsameta_vector& vector = o.*field.member;
        field.is_row_length() && vector.data != nullptr && vector.capacity < padding_end(p, o))
      return fail(bad, "%s.capacity is %" PRId64 ", but pad_rows_to is %" PRId64, field.name, vector.capacity,
                  p.pad_rows_to);
  return NSAMETA_OK;
}

/// Outputs that only some problems have.
nsameta_status check_against_problem(const nsameta_problem& p, const nsameta_outputs& o) {
  nsameta_status status = NSAMETA_OK;
  if (p.pad_rows_to > 0) [[unlikely]]
    if (auto s = check_padding_rows(p, o)) return s;
  for_each_wanted(o, [&]<std::size_t i>(const nsameta_vector&) {
    constexpr const vector_field& field = vector_fields[i];
    if constexpr (field.valid != validity::always) {
      if (applies(field, p)) [[likely]]
        return true;
      if constexpr (field.valid == validity::without_kv_shard)
        status = fail(bad, "%s is asked for, but kv_shard.size is %d: it goes with an unsharded KV cache only",
                      field.name, p.kv_shard.size);
      else if constexpr (field.valid == validity::without_zigzag)
        status = fail(bad, "%s is asked for, but q_shard.kind is zigzag (2): a request's rows lie in two places",
                      field.name);
      else
        status = fail(bad, "%s is absent, but %s is asked for",
                      field.valid == validity::with_block_table ? "block_table" : "req_to_token", field.name);
    }
    return status == NSAMETA_OK;
  });
  if (status != NSAMETA_OK) [[unlikely]]
    return status;
  // Else a block would not have as many positions on each rank.
  if (o.slot_mapping.data != nullptr && p.kv_shard.size > 1 && p.block_size % p.kv_shard.interleave != 0) [[unlikely]]
    return fail(bad, "block_size is %d, no multiple of kv_shard.interleave, which is %d: slot_mapping needs that",
                p.block_size, p.kv_shard.interleave);
  for (const table_field& field : table_fields) {
    if ((o.*field.member).data == nullptr || p.batch_size == 0) [[likely]]
      continue;
    if (p.req_pool_indices.data == nullptr)  // and so req_to_token
      return fail(bad, "req_pool_indices is absent, but %s is asked for", field.name);
  }
  return NSAMETA_OK;
}

/// Whether validated sets of outputs, those of two blocks, overlap each other.
nsameta_status check_blocks(const nsameta_outputs* outputs, std::int64_t count, std::int64_t first,
                            std::int64_t second) {
  struct set_range : byte_range {
    std::int64_t set;
  };
  std::array<set_range, 2 * block_sets * most_buffers> ranges;
  auto end = ranges.begin();
  for (const std::int64_t block : {first, second})
    for (std::int64_t set = block; set < std::min(block + block_sets, count); ++set)
      for_each_output(outputs[set],
                      [&](const buffer& shown, const void* data) { *end++ = {range_of(shown, data), set}; });
  std::sort(ranges.begin(), end, [](const byte_range& a, const byte_range& b) { return a.begin < b.begin; });
  for (auto low = ranges.begin(); low != end; ++low)
    for (auto high = low + 1; high != end && high->begin < low->end; ++high) {
      if (high->set == low->set) continue;  // no set overlaps itself
      const std::uintptr_t shared = first_shared_byte(*low, *high);
      if (shared == 0) continue;
      const auto& [earlier, later] = std::minmax(*low, *high, [](auto& a, auto& b) { return a.set < b.set; });
      return fail(bad, "outputs[%" PRId64 "] and outputs[%" PRId64 "]: %s overlaps %s at its byte %" PRIuPTR,
                  earlier.set, later.set, later.name, earlier.name, shared - earlier.begin);
    }
  return NSAMETA_OK;
}

}  // namespace

nsameta_status validate_problem(const nsameta_problem* problem) noexcept {
  if (problem == nullptr) [[unlikely]]
    return fail(bad, "problem is null");
  const nsameta_problem& p = *problem;
  const int mode = raw_value(p.mode);
  if (mode < 0 || mode >= static_cast<int>(modes.size())) [[unlikely]] {
    name_list known;
    for (const mode_row& row : modes) known.add(row.name, row.mode);
    return fail(bad, "mode is %d, none of %s", mode, known.text());
  }
  // The bound is that of token_to_batch, whose int32 elements name requests.
  if (p.batch_size < 0 || p.batch_size > std::numeric_limits<std::int32_t>::max()) [[unlikely]]
    return fail(bad, "batch_size is %" PRId64 ", outside [0, 2147483647]", p.batch_size);
  if (p.seq_lens.data == nullptr && p.batch_size > 0) [[unlikely]]
    return fail(bad, "seq_lens is absent, but batch_size is %" PRId64, p.batch_size);
  if (auto s = check_input("seq_lens", p.seq_lens, p.batch_size)) [[unlikely]]
    return s;
  if (auto s = check_input("extend_seq_lens", p.extend_seq_lens, p.batch_size)) [[unlikely]]
    return s;
  if (auto s = check_input("req_pool_indices", p.req_pool_indices, p.batch_size)) [[unlikely]]
    return s;
  if (p.topk_lens.data != nullptr) [[unlikely]]
    if (auto s = check_input("topk_lens", p.topk_lens, p.batch_size)) return s;
  if (p.extra_topk_lens.data != nullptr) [[unlikely]]
    if (auto s = check_input("extra_topk_lens", p.extra_topk_lens, p.batch_size)) return s;
  if (p.num_logits.data != nullptr) [[unlikely]]
    if (auto s = check_input("num_logits", p.num_logits, p.batch_size)) return s;
  if (p.num_rejected.data != nullptr) [[unlikely]]
    if (auto s = check_input("num_rejected", p.num_rejected, p.batch_size)) return s;
  if (p.kv_slots < 0) [[unlikely]]
    return fail(bad, "kv_slots is %" PRId64 ", negative", p.kv_slots);
  if (p.full_to_swa.data != nullptr) [[unlikely]]
    if (auto s = check_input("full_to_swa", p.full_to_swa, p.kv_slots)) return s;
  if (p.pad_rows_to != 0) [[unlikely]] {
    if (p.pad_rows_to < 0 || p.pad_rows_to > std::numeric_limits<std::int32_t>::max())
      return fail(bad, "pad_rows_to is %" PRId64 ", outside [0, 2147483647]", p.pad_rows_to);
    if (p.q_shard.size > 1)
      return fail(NSAMETA_UNSUPPORTED, "pad_rows_to is %" PRId64 ", but q_shard.size is %d: it is of whole batches",
                  p.pad_rows_to, p.q_shard.size);
  }
  if (p.row_values < 0) [[unlikely]]
    return fail(bad, "row_values is %" PRId64 ", negative", p.row_values);
  if (p.out_cache_loc.data != nullptr) [[unlikely]] {
    if (auto s = check_input("out_cache_loc", p.out_cache_loc, p.row_values)) return s;
    if (p.q_shard.size > 1)
      return fail(NSAMETA_UNSUPPORTED, "out_cache_loc is given, but q_shard.size is %d: it is of the batch's rows",
                  p.q_shard.size);
  }
  if (p.swa_floor.data != nullptr) [[unlikely]]
    if (auto s = check_input("swa_floor", p.swa_floor, p.row_values)) return s;
  for (std::size_t i = 0; i < block_table_names.size(); ++i)
    if (const nsameta_token_table& table = p.block_tables[i]; table.data != nullptr) [[unlikely]] {
      const char* const name = block_table_names[i];
      if (auto s = check_rows(name, table.data, "slots", table.slots, table.width, table.row_stride)) return s;
      if (table.slots < p.batch_size)
        return fail(bad, "%s.slots is %" PRId64 ", less than batch_size, which is %" PRId64, name, table.slots,
                    p.batch_size);
    }
  if (const nsameta_token_table& table = p.req_to_token; table.data != nullptr)
    if (auto s = check_rows("req_to_token", table.data, "slots", table.slots, table.width, table.row_stride))
        [[unlikely]]
      return s;
  if (const nsameta_token_table& table = p.block_table; table.data != nullptr) {
    if (auto s = check_rows("block_table", table.data, "slots", table.slots, table.width, table.row_stride)) return s;
    if (table.slots < p.batch_size)
      return fail(bad, "block_table.slots is %" PRId64 ", less than batch_size, which is %" PRId64, table.slots,
                  p.batch_size);
  }
  // An empty array may well be null.
  if (const bool slots = p.req_pool_indices.data != nullptr;
      slots != (p.req_to_token.data != nullptr) && p.batch_size > 0) [[unlikely]]
    return fail(bad, "%s is absent, but %s is given: they go together", slots ? "req_to_token" : "req_pool_indices",
                slots ? "req_pool_indices" : "req_to_token");
  if (auto s = check_query_lengths(p)) [[unlikely]]
    return s;
  return check_parameters(p);
}

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
  if (o.draft_step < 0 || o.draft_step > most_draft_steps) [[unlikely]]
    return fail(bad, "draft_step is %d, outside [0, %d]", o.draft_step, most_draft_steps);
  if (o.row_values_from < 0 || o.row_values_from - 1 > problem.row_values) [[unlikely]]
    return fail(bad, "row_values_from is %" PRId64 ": it is counted from 1, and row_values is %" PRId64,
                o.row_values_from, problem.row_values);
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
    if (auto s = check_rows(field.name, table.data, "rows", table.rows, table.width, table.row_stride)) return s;
    ranges.add(range_of(buffer_of(field.name, table), table.data));
  }
  if (o.plan_count != 0) [[unlikely]]
    if (auto s = with_problem_of(o, problem, [&](const nsameta_problem& own) { return check_plans(own, o, &ranges); }))
      return s;
  if (auto s = check_against_problem(problem, o)) [[unlikely]]
    return s;
  for_each_input(problem, [&](const buffer& shown, const void* data) { ranges.check_input(range_of(shown, data)); });
  if (const overlap& found = ranges.found(); found.output != nullptr) [[unlikely]]
    return fail(bad, "%s overlaps %s at its byte %" PRIuPTR, found.output, found.other, found.byte);
  return NSAMETA_OK;
}

nsameta_status validate_sets(const nsameta_outputs* outputs, std::int64_t count) noexcept {
  if (count < 2) return NSAMETA_OK;
  for (std::int64_t first = 0; first == 0 || first + block_sets < count; first += block_sets)
    for (std::int64_t second = first + block_sets; second == first + block_sets || second < count; second += block_sets)
      if (auto status = check_blocks(outputs, count, first, second)) return status;
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
