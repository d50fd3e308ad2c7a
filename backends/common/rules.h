/// What becomes of a request's rows, once per kind of problem: most serve neither shards nor pools, and must not pay
/// for them. A rule is passed by type, so that each kind gets code of its own.
#pragma once

#include "common/request.h"
#include "common/row_sums.h"

namespace nsameta {

/// No shard, no pools.
struct plain_rule {
  static constexpr bool deals = false;  ///< whether it may leave rows, and with them requests, to other ranks
  std::int64_t topk;

  NSAMETA_HOST_DEVICE explicit plain_rule(const nsameta_problem& problem) : topk(problem.index_topk) {}

  /// Rows on this rank among the batch's first `tokens` query tokens.
  NSAMETA_HOST_DEVICE std::int64_t rows_before(std::int64_t tokens) const { return tokens; }
  /// Leaves a request the rows of this rank; `tokens_before` it in the batch.
  NSAMETA_HOST_DEVICE void deal(request&, std::int64_t /*tokens_before*/) const {}
  /// Whether the request has per-request outputs.
  NSAMETA_HOST_DEVICE bool keeps(const request&) const { return true; }

  /// KV positions that count on this rank, of `length` in all.
  NSAMETA_HOST_DEVICE std::int64_t local(std::int64_t length) const { return length; }
  /// Clamped to top-k; `length` is a local one.
  NSAMETA_HOST_DEVICE std::int64_t clamped(std::int64_t length) const { return length < topk ? length : topk; }
  /// From one row of a request to the next, by how many positions more it sees.
  NSAMETA_HOST_DEVICE std::int64_t step() const { return 1; }
  /// Sum of the clamped lengths of the request's first `rows` rows.
  NSAMETA_HOST_DEVICE std::int64_t sum(const request& r, std::int64_t rows) const {
    return sum_below(r.first + rows) - sum_below(r.first);
  }

 private:
  /// Over all lengths below `end`: an arithmetic series up to top-k, then top-k each.
  NSAMETA_HOST_DEVICE std::int64_t sum_below(std::int64_t end) const {
    if (end <= 0) return 0;
    return end <= topk ? end * (end - 1) / 2 : topk * (topk + 1) / 2 + (end - 1 - topk) * topk;
  }
};

/// Any shard, any pool.
struct general_rule {
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
  NSAMETA_HOST_DEVICE std::int64_t step() const { return q_shard.size; }
  NSAMETA_HOST_DEVICE std::int64_t sum(const request& r, std::int64_t rows) const {
    return clamped_rows_sum(clamp, kv_shard, r.first, rows, r.step);
  }
};

NSAMETA_HOST_DEVICE bool is_plain(const nsameta_problem& problem) {
  return problem.index_kpool == 1 && problem.kv_shard.size == 1 && problem.q_shard.size == 1;
}

}  // namespace nsameta
