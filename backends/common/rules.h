/// What becomes of a request's rows, once per kind of problem: most serve neither shards nor pools, and must not pay
/// for them. A rule is passed by type, so that each kind gets code of its own.
#pragma once

#include "common/request.h"
#include "common/row_sums.h"

namespace nsameta {

/// No shard, no pools.
template <class N>
struct basic_plain_rule {
  using number = N;
  static constexpr bool deals = false;  ///< whether it may leave rows, and with them requests, to other ranks
  N topk;

  NSAMETA_HOST_DEVICE explicit basic_plain_rule(N k) : topk(k) {}
  NSAMETA_HOST_DEVICE explicit basic_plain_rule(const nsameta_problem& problem) : topk(problem.index_topk) {}

  /// Rows on this rank among the batch's first `tokens` query tokens.
  NSAMETA_HOST_DEVICE N rows_before(N tokens) const { return tokens; }
  /// Leaves a request the rows of this rank; `tokens_before` it in the batch.
  NSAMETA_HOST_DEVICE void deal(basic_request<N>&, N /*tokens_before*/) const {}
  /// Whether the request has per-request outputs.
  NSAMETA_HOST_DEVICE bool keeps(const basic_request<N>&) const { return true; }

  /// KV positions that count on this rank, of `length` in all.
  NSAMETA_HOST_DEVICE N local(N length) const { return length; }
  /// Clamped to top-k; `length` is a local one.
  NSAMETA_HOST_DEVICE N clamped(N length) const { return length < topk ? length : topk; }
  /// Sum of the clamped lengths of the request's first `rows` rows: rows that see nothing add nothing, the next ones an
  /// arithmetic series up to top-k, the others top-k each. Below 2^62.
  NSAMETA_HOST_DEVICE N sum(const basic_request<N>& r, N rows) const {
    const N empty = r.first >= 0 ? 0 : r.first < -rows ? rows : -r.first;
    const N start = r.first > 0 ? r.first : 0;
    const N left = rows - empty;
    const N below = topk > start ? topk - start : 0;
    const N rising = below < left ? below : left;
    const std::int64_t all = std::int64_t{rising} * start + (std::int64_t{rising} * (rising - 1) >> 1) +
                             std::int64_t{left - rising} * topk;  // products of what the type holds: one instruction
    constexpr auto most = static_cast<N>(static_cast<std::make_unsigned_t<N>>(-1) / 2);
    return all < most ? static_cast<N>(all) : most;
  }
};
using plain_rule = basic_plain_rule<std::int64_t>;

/// Any shard, any pool.
struct general_rule {
  using number = std::int64_t;
  static constexpr bool deals = true;
  clamp_rule clamp;
  nsameta_kv_shard kv_shard;
  nsameta_q_shard q_shard{1, 0};  ///< off until the batch is known to have a token for every rank

  NSAMETA_HOST_DEVICE explicit general_rule(const nsameta_problem& problem)
      : clamp{problem.index_topk, problem.index_kpool}, kv_shard(problem.kv_shard) {}

  /// Turns the q shard on if the batch has tokens enough.
  NSAMETA_HOST_DEVICE void deal_tokens(const nsameta_q_shard& shard, std::int64_t tokens) {
    if (tokens >= shard.size) q_shard = shard;
  }

  NSAMETA_HOST_DEVICE std::int64_t rows_before(std::int64_t tokens) const {
    return q_shard.size == 1 ? tokens : (tokens + q_shard.size - 1 - q_shard.rank) / q_shard.size;
  }
  NSAMETA_HOST_DEVICE void deal(request& r, std::int64_t tokens_before) const {
    if (q_shard.size == 1) return;
    const std::int64_t rows = rows_before(tokens_before);
    r.first += rows * q_shard.size + q_shard.rank - tokens_before;
    r.rows = rows_before(tokens_before + r.tokens) - rows;
    r.step = q_shard.size;
  }
  NSAMETA_HOST_DEVICE bool keeps(const request& r) const { return q_shard.size == 1 || r.rows > 0; }

  NSAMETA_HOST_DEVICE std::int64_t local(std::int64_t length) const { return local_length(kv_shard, length); }
  NSAMETA_HOST_DEVICE std::int64_t clamped(std::int64_t length) const { return clamp(length); }
  NSAMETA_HOST_DEVICE std::int64_t sum(const request& r, std::int64_t rows) const {
    return clamped_rows_sum(clamp, kv_shard, r.first, rows, r.step);
  }
};

NSAMETA_HOST_DEVICE bool is_plain(const nsameta_problem& problem) {
  return problem.index_kpool == 1 && problem.kv_shard.size == 1 && problem.q_shard.size == 1;
}

}  // namespace nsameta
