/// One request of a batch: its lengths made sane, and the rows it expands to.
#pragma once

#include <cstdint>

#include "common/annotations.h"
#include "nsameta/nsameta.h"

namespace nsameta {

inline constexpr std::int64_t int32_max = 2147483647;

/// The arithmetic progression that a request expands to: row j shows max(0, first + j * step) KV positions.
struct request {
  std::int64_t tokens;  ///< query tokens on all ranks
  std::int64_t rows;    ///< those of them on this rank
  std::int64_t first;
  std::int64_t step;    ///< 1, or the size of the q shard
  std::int64_t kv_len;  ///< cache_seqlens on all ranks together
  std::uint32_t bits;   ///< nsameta_status_bit raised by its lengths
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

/// A length moved by the outputs' offset. Within int64 for any length: past its ends only the side counts.
NSAMETA_HOST_DEVICE std::int64_t offset_length(std::int64_t length, std::int64_t offset) {
  constexpr std::int64_t far = std::int64_t{1} << 62;
  return (length > far ? far : length < -far ? -far : length) + offset;
}

/// True when every request has the same number of query tokens, known to the host.
NSAMETA_HOST_DEVICE bool has_uniform_tokens(const nsameta_problem& problem) {
  return problem.extend_seq_lens.data == nullptr;
}

/// Query tokens per request of such a problem.
NSAMETA_HOST_DEVICE std::int64_t uniform_tokens(const nsameta_problem& problem) {
  return problem.mode == NSAMETA_DECODE ? 1 : problem.uniform_extend_len;
}

/// `length_offset`: within +-2^31, added to the request's KV length first.
NSAMETA_HOST_DEVICE request load_request(const nsameta_problem& problem, std::int64_t length_offset,
                                         std::int64_t index) {
  // Draft tokens under verification are not in seq_lens yet; s + n must still fit int32.
  const std::int64_t drafts = problem.mode == NSAMETA_TARGET_VERIFY ? problem.uniform_extend_len : 0;
  request r{};
  const std::int64_t s =
      sane_length(offset_length(load(problem.seq_lens, index), length_offset), int32_max - drafts, r.bits);
  r.kv_len = s + drafts;
  r.tokens = has_uniform_tokens(problem) ? uniform_tokens(problem)
                                         : sane_length(load(problem.extend_seq_lens, index), int32_max, r.bits);
  r.rows = r.tokens;
  r.first = r.kv_len - r.tokens + 1;  // the last row sees the whole cache
  r.step = 1;
  if (problem.mode == NSAMETA_EXTEND && r.tokens > s) r.bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  return r;
}

}  // namespace nsameta
