/// What a row shows, as the definitions say it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "nsameta/nsameta.h"
#include "reference/fill.h"

namespace nsameta::reference {

/// Whether a request has one token, whatever the caller's lengths say.
inline bool has_one_token(nsameta_mode mode) { return mode == NSAMETA_DECODE; }

/// Whether the request's tokens are drafts, which s does not count yet.
inline bool has_drafts(nsameta_mode mode) { return mode == NSAMETA_TARGET_VERIFY; }

/// Whether s should count all of the request's tokens.
inline bool counts_tokens(nsameta_mode mode) { return mode == NSAMETA_EXTEND; }

/// Whether page tables show a request once, and not once for each of its rows.
inline bool shown_once(nsameta_mode mode) { return mode == NSAMETA_EXTEND; }

/// As many positions as context_limit leaves of `v`.
inline std::int64_t within_limit(const nsameta_problem& problem, std::int64_t v) {
  return problem.context_limit == 0 ? v : std::min(v, problem.context_limit);
}

/// Positions that token `j` of a live request would see, on all ranks together, if there were no limit.
inline std::int64_t positions_wanted(nsameta_mode mode, const request& r, std::int64_t j) {
  const std::int64_t before = has_one_token(mode) ? r.kv_len - 1 : has_drafts(mode) ? r.kv_len : r.kv_len - r.query_len;
  return std::max<std::int64_t>(0, before + j + 1);
}

/// Positions that token `j` of a request sees, on all ranks together.
inline std::int64_t positions_seen(const nsameta_problem& problem, const request& r, std::int64_t j) {
  return r.is_live ? within_limit(problem, positions_wanted(problem.mode, r, j)) : 0;
}

/// Whether the row of token `j` writes the key of its position: rows past context_limit show the last one again.
inline bool writes_key(const nsameta_problem& problem, const request& r, std::int64_t j) {
  return positions_seen(problem, r, j) > 0 && positions_seen(problem, r, j) == positions_wanted(problem.mode, r, j);
}

/// How many rows there are behind so many of the batch, of what has padding rows.
inline std::int64_t padding_rows(const nsameta_problem& problem, const batch& requests, std::int64_t rows) {
  return requests.kept.empty() ? 0 : std::max<std::int64_t>(problem.pad_rows_to - rows, 0);
}

/// Positions that each of them sees, on all ranks together.
inline std::int64_t positions_of_padding_row(const batch& requests) { return requests.kept.back().is_live ? 1 : 0; }

/// How many of the positions 0 to v - 1 the rank holds. Positions are dealt in blocks of `interleave`, one block to
/// each rank in turn.
inline std::int64_t local(const nsameta_kv_shard& shard, std::int64_t v) {
  const std::int64_t block = shard.interleave;
  const std::int64_t turn = block * shard.size;  // positions until every rank had one block
  const std::int64_t whole_turns = v / turn;
  const std::int64_t next_block = whole_turns * turn + block * shard.rank;
  return whole_turns * block + (v > next_block ? std::min(block, v - next_block) : 0);
}

/// What top-k selection leaves of v positions: whole pools up to K positions, and the unfinished pool always.
inline std::int64_t clamp(const nsameta_problem& problem, std::int64_t v) {
  const std::int64_t whole = v / problem.index_kpool * problem.index_kpool;
  return std::min<std::int64_t>(whole, problem.index_topk) + (v - whole);
}

}  // namespace nsameta::reference
