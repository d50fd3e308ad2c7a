#include <cinttypes>
#include <limits>

#include "byte_ranges.h"
#include "fields.h"
#include "name_list.h"
#include "raw_enum.h"
#include "status.h"
#include "validation.h"

namespace nsameta {
namespace {

constexpr nsameta_status bad = NSAMETA_INVALID_ARGUMENT;

nsameta_status check_input(const char* name, const nsameta_strided& vector, std::int64_t count) {
  if (vector.data == nullptr) return NSAMETA_OK;
  if (vector.stride < 1) [[unlikely]]
    return fail(bad, "%s.stride is %" PRId64 ", less than 1", name, vector.stride);
  const int dtype = raw_value(vector.dtype);
  if (dtype != NSAMETA_INT32 && dtype != NSAMETA_INT64) [[unlikely]]
    return fail(bad, "%s.dtype is %d, neither int32 (0) nor int64 (1)", name, dtype);
  const std::int64_t bytes = element_bytes(vector.dtype);
  if (misaligned(vector.data, bytes)) [[unlikely]]
    return fail(bad, "%s.data is %p, not aligned to its elements of %" PRId64 " bytes", name, vector.data, bytes);
  std::int64_t span = 0;
  byte_range range;
  if (count > 0 && (__builtin_mul_overflow(count - 1, vector.stride, &span) || __builtin_add_overflow(span, 1, &span) ||
                    !make_range(vector.data, span, bytes, name, &range))) [[unlikely]]
    return fail(bad, "%s.stride is %" PRId64 ": %" PRId64 " elements reach past the end of memory", name, vector.stride,
                count);
  return NSAMETA_OK;
}

nsameta_status check_token_table(const nsameta_token_table& table) {
  if (table.data == nullptr) return NSAMETA_OK;
  if (table.slots < 0) return fail(bad, "req_to_token.slots is %" PRId64 ", negative", table.slots);
  if (table.width < 0) return fail(bad, "req_to_token.width is %" PRId64 ", negative", table.width);
  if (table.row_stride < table.width)
    return fail(bad, "req_to_token.row_stride is %" PRId64 ", less than the width %" PRId64, table.row_stride,
                table.width);
  if (misaligned(table.data, 4))
    return fail(bad, "req_to_token.data is %p, not aligned to its elements of 4 bytes",
                static_cast<const void*>(table.data));
  std::int64_t elements = 0;
  byte_range range;
  if (__builtin_mul_overflow(table.slots > 0 ? table.slots : 1, table.row_stride, &elements) ||
      !make_range(table.data, elements, 4, "req_to_token", &range))
    return fail(bad, "req_to_token.slots is %" PRId64 ": the rows reach past the end of memory", table.slots);
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
    return fail(bad, "extend_seq_lens.data is %p, but mode %s takes no extend_seq_lens", p.extend_seq_lens.data,
                mode.name);
  if (n != 0 && !mode.takes_uniform) [[unlikely]]
    return fail(bad, "uniform_extend_len is %" PRId64 ", but mode %s takes none: 0", n, mode.name);
  if (n == 0 && mode.takes_uniform && !mode.takes_ragged) [[unlikely]]
    return fail(bad, "uniform_extend_len is 0, but mode %s needs at least 1", mode.name);
  if (ragged && n != 0) [[unlikely]]
    return fail(bad, "uniform_extend_len is %" PRId64 ", but extend_seq_lens is given too: one of both", n);
  if (!ragged && n == 0 && mode.takes_ragged && p.batch_size > 0) [[unlikely]]
    return fail(bad, "extend_seq_lens is null and uniform_extend_len is 0: mode %s needs one of both", mode.name);
  return NSAMETA_OK;
}

nsameta_status check_parameters(const nsameta_problem& p) {
  if (p.page_size < 1 || p.page_size > 256) [[unlikely]]
    return fail(bad, "page_size is %d, outside [1, 256]", p.page_size);
  if ((p.page_size & (p.page_size - 1)) != 0) [[unlikely]]
    return fail(bad, "page_size is %d, not a power of two", p.page_size);
  if (p.index_topk < 1) [[unlikely]]
    return fail(bad, "index_topk is %d, less than 1", p.index_topk);
  if (p.index_kpool < 1) [[unlikely]]
    return fail(bad, "index_kpool is %d, less than 1", p.index_kpool);
  const nsameta_kv_shard& kv = p.kv_shard;
  if (kv.size < 1) [[unlikely]]
    return fail(bad, "kv_shard.size is %d, less than 1", kv.size);
  if (kv.rank < 0 || kv.rank >= kv.size) [[unlikely]]
    return fail(bad, "kv_shard.rank is %d, outside its size: [0, %d)", kv.rank, kv.size);
  if (kv.interleave < 1) [[unlikely]]
    return fail(bad, "kv_shard.interleave is %d, less than 1", kv.interleave);
  const nsameta_q_shard& q = p.q_shard;
  if (q.size < 1) [[unlikely]]
    return fail(bad, "q_shard.size is %d, less than 1", q.size);
  if (q.rank < 0 || q.rank >= q.size) [[unlikely]]
    return fail(bad, "q_shard.rank is %d, outside its size: [0, %d)", q.rank, q.size);
  // With both shards on, sums are made class by class: one class for each position of the KV shard's period.
  constexpr std::int64_t longest_period = 65536;
  if (q.size > 1 && kv.size > 1 && static_cast<std::int64_t>(kv.interleave) * kv.size > longest_period) [[unlikely]]
    return fail(bad, "kv_shard.interleave is %d: with q_shard on, size * interleave may be 65536 at most",
                kv.interleave);
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
    return fail(bad, "seq_lens is null, but batch_size is %" PRId64, p.batch_size);
  if (auto s = check_input("seq_lens", p.seq_lens, p.batch_size)) [[unlikely]]
    return s;
  if (auto s = check_input("extend_seq_lens", p.extend_seq_lens, p.batch_size)) [[unlikely]]
    return s;
  if (auto s = check_input("req_pool_indices", p.req_pool_indices, p.batch_size)) [[unlikely]]
    return s;
  if (auto s = check_token_table(p.req_to_token)) [[unlikely]]
    return s;
  if (auto s = check_query_lengths(p)) [[unlikely]]
    return s;
  return check_parameters(p);
}

}  // namespace nsameta
