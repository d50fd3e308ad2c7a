/// One request of a batch: its lengths made sane, and the rows it expands to.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "nsameta/nsameta.h"

namespace nsameta {

inline constexpr std::int64_t int32_max = 2147483647;

/// The arithmetic progression that a request expands to: row j shows max(0, first + j) KV positions.
struct request {
  std::int64_t rows;
  std::int64_t first;
  std::int64_t kv_len;     ///< cache_seqlens on all ranks together
  std::uint32_t bits;      ///< nsameta_status_bit raised by its lengths
};

NSAMETA_HOST_DEVICE std::int64_t load(const nsameta_strided& vector, std::int64_t index) {
  const std::int64_t at = index * vector.stride;
  return vector.dtype == NSAMETA_INT64 ? static_cast<const std::int64_t*>(vector.data)[at]
                                       : static_cast<const std::int32_t*>(vector.data)[at];
}

/// Brings a length into [0, bound], raising the bit of what was wrong with it.
NSAMETA_HOST_DEVICE std::int64_t sane_length(std::int64_t length, std::int64_t bound, std::uint32_t& bits) {
  if (length < 0) {
    bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
    return 0;
  }
  if (length > bound) {
    bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
    return bound;
  }
  return length;
}

/// True when every request has the same number of rows, known to the host.
NSAMETA_HOST_DEVICE bool has_uniform_rows(const nsameta_problem& problem) {
  return problem.extend_seq_lens.data == nullptr;
}

/// Rows per request of a uniform problem.
NSAMETA_HOST_DEVICE std::int64_t uniform_rows(const nsameta_problem& problem) {
  return problem.mode == NSAMETA_DECODE ? 1 : problem.uniform_extend_len;
}

NSAMETA_HOST_DEVICE request load_request(const nsameta_problem& problem, std::int64_t index) {
  // Draft tokens under verification are not in seq_lens yet; s + n must still fit int32.
  const std::int64_t drafts = problem.mode == NSAMETA_TARGET_VERIFY ? problem.uniform_extend_len : 0;
  request r{};
  const std::int64_t s = sane_length(load(problem.seq_lens, index), int32_max - drafts, r.bits);
  r.kv_len = s + drafts;
  r.rows = has_uniform_rows(problem) ? uniform_rows(problem)
                                     : sane_length(load(problem.extend_seq_lens, index), int32_max, r.bits);
  // The last row sees the whole cache, except in decode, where the one row is it.
  r.first = r.kv_len - r.rows + 1;
  if (problem.mode == NSAMETA_EXTEND && r.rows > s) r.bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  return r;
}

}  // namespace nsameta
