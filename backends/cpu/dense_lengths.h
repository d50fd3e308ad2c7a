/// The lengths of a batch in the form that vector code reads: int32, one after the other, neither sharded nor pooled.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "common/request.h"
#include "common/rules.h"

namespace nsameta::cpu {

/// A request's KV length is clamp(kv[i], least, most) + added: sane, with the outputs' offset and the drafts.
struct dense_lengths {
  const std::int32_t* kv;
  const std::int32_t* tokens;  ///< of request i at tokens[i * tokens_step]; negative ones count as 0
  std::int64_t tokens_step;    ///< 0 when all requests have the same: then `tokens` is `same_tokens`
  std::int64_t requests;
  std::int32_t least, most, added;
  bool query_within_kv;  ///< as of batch_lengths
  std::array<std::int32_t, 8> same_tokens;

  /// Whether a problem's lengths have this form.
  static bool fits(const nsameta_problem& problem, const nsameta_outputs& out) {
    constexpr std::int64_t far = 1 << 30;
    const auto dense = [](const nsameta_strided& v) { return !is_int64(v) && v.stride == 1; };
    return is_plain(problem) && dense(problem.seq_lens) && out.length_offset > -far && out.length_offset < far &&
           (problem.extend_seq_lens.data == nullptr ? problem.uniform_extend_len < far
                                                    : dense(problem.extend_seq_lens));
  }

  dense_lengths(const nsameta_problem& problem, const nsameta_outputs& out)
      : kv(static_cast<const std::int32_t*>(problem.seq_lens.data)),
        tokens(static_cast<const std::int32_t*>(problem.extend_seq_lens.data)),
        tokens_step(1),
        requests(problem.batch_size) {
    const batch_lengths stated = nsameta::lengths_of(problem);
    query_within_kv = stated.query_within_kv;
    const auto offset = static_cast<std::int32_t>(out.length_offset);
    least = -offset;
    most = static_cast<std::int32_t>(std::min(int32_max, int32_max - stated.drafts - offset));
    added = offset + stated.drafts;
    if (tokens != nullptr) return;
    tokens = same_tokens.data();
    tokens_step = 0;
    same_tokens.fill(stated.uniform_tokens);
  }
  dense_lengths(const dense_lengths&) = delete;

  std::int32_t kv_at(std::int64_t i) const { return std::clamp(kv[i], least, most) + added; }
  std::int32_t tokens_at(std::int64_t i) const { return std::max(tokens[i * tokens_step], 0); }
};

}  // namespace nsameta::cpu
