/// The batch of every step of a draft: dense, and nothing asked of it but rows. How many there are is found while they
/// are written, so that its requests are walked over once.
#pragma once

#include "cpu/dense_batch.h"

namespace nsameta::cpu {

inline constexpr std::int64_t most_rows_at_once = 1 << 20;

/// False, and nothing written, when the batch asks for more.
inline bool fill_in_one_walk(const nsameta_problem& problem, const nsameta_outputs& out) {
  const auto absent = [](auto&... outputs) { return ((outputs.data == nullptr) && ...); };
  if (!absent(out.status, out.cache_seqlens, out.cu_seqlens_k, out.cu_seqlens_q, out.nsa_cu_seqlens_k,
              out.nsa_cu_seqlens_q, out.token_to_batch, out.indexer_ks, out.indexer_ke, out.page_table_1,
              out.real_page_table) ||
      out.vector_tail != NSAMETA_TAIL_KEEP || !dense_lengths::fits(problem, out))
    return false;
  const std::int64_t most = larger(out.seqlens_expanded.data == nullptr ? 0 : out.seqlens_expanded.capacity,
                                   out.nsa_cache_seqlens.data == nullptr ? 0 : out.nsa_cache_seqlens.capacity);
  if (most > most_rows_at_once) return false;  // it may be worth streaming, which the capacity does not tell

  const dense_lengths lengths(problem, out);
  const vector_code& code = best_vector_code();
  const row_progress at = code.write_rows({lengths, out, 0, 0, 0, most, 0, problem.index_topk, false});
  if (!present(out.total_rows)) return true;
  std::int64_t rows = at.rows;
  if (at.request < lengths.requests) rows += code.add_lengths(lengths, at.request, lengths.requests).tokens;
  store_value(out.total_rows, 0, rows);
  return true;
}

}  // namespace nsameta::cpu
