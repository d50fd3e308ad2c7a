/// Where the lengths of a batch are, and what its mode makes of them.
#pragma once

#include <cstdint>

#include "modes.h"
#include "nsameta/nsameta.h"

namespace nsameta {

struct batch_lengths {
  const void* kv;      ///< [requests] seq_lens
  const void* tokens;  ///< [requests] query tokens; null: `uniform_tokens` each
  std::int64_t kv_stride, tokens_stride;
  std::int32_t uniform_tokens;
  std::int32_t drafts;  ///< draft tokens under verification, which seq_lens does not count yet
  bool kv_is_int64, tokens_are_int64;
  bool query_within_kv;  ///< a request that has more tokens than seq_lens raises a bit
};

/// The type of an absent array may be any number, also one that an enum may not be read as.
inline bool is_int64(const nsameta_strided& array) { return array.data != nullptr && array.dtype == NSAMETA_INT64; }

inline batch_lengths lengths_of(const nsameta_problem& problem) {
  const mode_row& mode = row_of(problem.mode);
  const auto n = static_cast<std::int32_t>(problem.uniform_extend_len);
  return {.kv = problem.seq_lens.data,
          .tokens = problem.extend_seq_lens.data,
          .kv_stride = problem.seq_lens.stride,
          .tokens_stride = problem.extend_seq_lens.stride,
          .uniform_tokens = mode.takes_uniform ? n : 1,
          .drafts = mode.drafts ? n : 0,
          .kv_is_int64 = is_int64(problem.seq_lens),
          .tokens_are_int64 = is_int64(problem.extend_seq_lens),
          .query_within_kv = mode.rows_within_cache};
}

}  // namespace nsameta
