/// Plain batches, without shards and pools, by vector code: what it is asked for, and which code the machine runs.
#pragma once

#include <atomic>
#include <span>

#include "cpu/request.h"

namespace nsameta::cpu {

/// Requests [request, end_request), and of their rows [row, end_row) of the length fields: seqlens_expanded,
/// nsa_cache_seqlens and nsa_cu_seqlens_k. Absent outputs are left out, and so is what they have no room for. Nothing
/// else is written, at no time: other jobs may have the elements around.
struct vector_job {
  const nsameta_problem& problem;
  const nsameta_outputs& out;
  const batch_lengths& lengths;
  std::int64_t request, end_request;
  std::int64_t row = 0, end_row = 0;
  std::int64_t skipped = 0;      ///< rows of `request` before `row`
  totals before{};               ///< of all requests before `request`; `clamped`: of all rows before `row`
  bool counts = false;           ///< returns tokens, kv_len, kept and, where a status word is asked for, bits
  bool only_tokens = false;      ///< leaves kv_len at 0
  bool counts_clamped = false;   ///< writes no rows, but adds up their clamped lengths
  bool writes_requests = false;  ///< the fields of requests; of a job that counts
};

struct vector_code {
  const char* name;
  /// Returns the totals of the job's requests; `clamped` of its rows, of which those are not counted that
  /// nsa_cu_seqlens_k has no room for.
  totals (*run)(const vector_job&);
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

}  // namespace nsameta::cpu
