/// How the lengths of rows are made, once per kind of problem: most serve neither shards nor pools, and must not pay for
/// them. A rule is passed by type, so that each kind gets code of its own.
#pragma once

#include "common/row_sums.h"

namespace nsameta {

/// No shard, no pools.
struct plain_rule {
  std::int64_t topk;

  NSAMETA_HOST_DEVICE explicit plain_rule(const nsameta_problem& problem) : topk(problem.index_topk) {}

  /// Positions that count on this rank, of `length` in all.
  NSAMETA_HOST_DEVICE std::int64_t local(std::int64_t length) const { return length; }
  /// Clamped to top-k; `length` is a local one.
  NSAMETA_HOST_DEVICE std::int64_t clamped(std::int64_t length) const { return length < topk ? length : topk; }
  /// Sum of the clamped lengths of `rows` rows that see max(0, start), max(0, start + 1), ... positions.
  NSAMETA_HOST_DEVICE std::int64_t sum(std::int64_t start, std::int64_t rows) const {
    return sum_below(start + rows) - sum_below(start);
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
  clamp_rule clamp;
  nsameta_kv_shard shard;

  NSAMETA_HOST_DEVICE explicit general_rule(const nsameta_problem& problem)
      : clamp{problem.index_topk, problem.index_kpool}, shard(problem.kv_shard) {}

  NSAMETA_HOST_DEVICE std::int64_t local(std::int64_t length) const { return local_length(shard, length); }
  NSAMETA_HOST_DEVICE std::int64_t clamped(std::int64_t length) const { return clamp(length); }
  NSAMETA_HOST_DEVICE std::int64_t sum(std::int64_t start, std::int64_t rows) const {
    return clamped_rows_sum(clamp, shard, start, rows, 1);
  }
};

NSAMETA_HOST_DEVICE bool is_plain(const nsameta_problem& problem) {
  return problem.index_kpool == 1 && problem.kv_shard.size == 1;
}

/// Calls `use(rule)` with the cheapest rule that serves the problem.
template <class Use>
void with_rule(const nsameta_problem& problem, Use use) {
  if (is_plain(problem))
    use(plain_rule(problem));
  else
    use(general_rule(problem));
}

}  // namespace nsameta
