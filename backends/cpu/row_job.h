/// The row fields of a dense batch as vector code: what it is asked for, and which code the machine runs.
#pragma once

#include <atomic>
#include <span>

#include "common/totals.h"
#include "cpu/dense_lengths.h"

namespace nsameta::cpu {

/// Rows [begin, end) of seqlens_expanded, nsa_cache_seqlens and nsa_cu_seqlens_k, of which the absent are left out.
/// Nothing else is written, at no time: other jobs may have the rows around.
struct row_job {
  const dense_lengths& lengths;
  const nsameta_outputs& out;
  std::int64_t request, skipped;  ///< where row `begin` stands: a request and the number of its rows before
  std::int64_t begin, end;
  std::int64_t clamped_before;  ///< sum of the clamped lengths of all rows before `begin`
  std::int32_t topk;
  bool streaming;  ///< past the caches
};

/// Where a job ended: at `end`, or before that where the requests did.
struct row_progress {
  std::int64_t request;         ///< the first whose rows were not all seen
  std::int64_t rows;            ///< of the batch before that request
  std::int64_t clamped_before;  ///< like the job's, through the last row written
};

struct vector_code {
  const char* name;
  row_progress (*write_rows)(const row_job&);
  /// tokens, kv_len, kept and bits of requests [begin, end).
  totals (*add_lengths)(const dense_lengths&, std::int64_t begin, std::int64_t end);
};

/// All that this machine can run, the best last.
std::span<const vector_code> usable_vector_code();

inline const vector_code& best_vector_code() {
  static constinit std::atomic<const vector_code*> best{nullptr};  // no first call that a forked child could wait for
  const vector_code* known = best.load(std::memory_order_relaxed);
  if (known == nullptr) [[unlikely]]
    best.store(known = &usable_vector_code().back(), std::memory_order_relaxed);
  return *known;
}

/// Bytes from which on outputs are written past the caches: they would not stay there anyway.
std::int64_t streaming_bytes();

}  // namespace nsameta::cpu
