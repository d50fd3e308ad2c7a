/// What becomes of a request's rows, once per kind of problem: most serve neither shards nor pools, and must not pay
/// for them. A rule is passed by type, so that each kind gets code of its own.
#pragma once

#include <type_traits>

#include "common/key_slots.h"
#include "common/row_sums.h"

namespace nsameta {

/// The arithmetic progression that a request expands to: row j shows max(0, first + j * step) KV positions. `N` is
/// int64 or, where everything is known to fit, int32, which a GPU computes several times as fast.
template <class N>
struct basic_request {
  N tokens;  ///< query tokens on all ranks
  N rows;    ///< those of them on this rank, in the part of its rows that is looked at
  N owned;   ///< those of them on this rank, in all parts
  N first;
  N step;              ///< 1, or the size of a round-robin q shard
  N kv_len;            ///< cache_seqlens on all ranks together, if there were no limit
  bool is_padding;     ///< no live request: no row sees anything, and kv_len is seq_pad
  std::uint32_t bits;  ///< nsameta_status_bit raised by its lengths
};
using request = basic_request<std::int64_t>;

/// What padding rows are of: a request with the tables of the batch's last one, whose row sees one position, or none
/// where that one is padding. It has no row of its own.
template <class N>
NSAMETA_HOST_DEVICE basic_request<N> request_of_padding_row(basic_request<N> last) {
  last.tokens = 1;
  last.rows = last.owned = 0;
  last.first = last.is_padding ? 0 : 1;
  return last;
}

/// Whether a row that is of such a request is a padding row.
NSAMETA_HOST_DEVICE bool is_padding_row(const request& r) { return r.rows == 0; }

/// Of a rule that leaves no rows, and with them requests, to other ranks.
struct no_q_shard {
  static constexpr bool deals = false, dealt = false, adjusts_lengths = false, serves_own_rows = false;
  static constexpr int part = 0, parts = 1;
};

/// The same, where sets may be of draft steps.
struct own_rows : no_q_shard {
  static constexpr bool serves_own_rows = true;
};

/// The same, where rejected drafts may also be taken off lengths, and padding may have one.
struct adjusted_lengths : own_rows {
  static constexpr bool adjusts_lengths = true;
};

/// Of a rule that may.
struct any_q_shard {
  static constexpr bool deals = true, adjusts_lengths = true, serves_own_rows = false;
  bool dealt = false;  ///< whether it does: only when the batch is known to have a token for every rank
  /// A rank's rows are written a part at a time: in zigzag the first blocks of all requests, then their mirrors.
  int part = 0, parts = 1;
  std::int64_t begin = 0, end = 0;  ///< of a contiguous shard: the rank's tokens in the batch
};

/// No shard, no pools.
template <class N>
struct basic_plain_rule : no_q_shard {
  N limit;  ///< positions that a row sees at most
  N topk;   ///< at most the limit

  static NSAMETA_HOST_DEVICE basic_plain_rule of(N limit, N topk) { return {{}, limit, topk < limit ? topk : limit}; }

  /// Leaves a request the rows of this rank; `tokens_before` it in the batch.
  NSAMETA_HOST_DEVICE void deal(basic_request<N>&, N /*tokens_before*/) const {}
  /// Whether the request has per-request outputs.
  NSAMETA_HOST_DEVICE bool keeps(const basic_request<N>&) const { return true; }

  /// KV positions that count on this rank, of `length` in all, if there were no limit.
  NSAMETA_HOST_DEVICE N local(N length) const { return length < limit ? length : limit; }
  /// Clamped to top-k; `length` is a local one.
  NSAMETA_HOST_DEVICE N clamped(N length) const { return length < topk ? length : topk; }
  /// Sum of the clamped lengths of the request's first `rows` rows: rows that see nothing add nothing, the next ones an
  /// arithmetic series up to top-k, the others top-k each. Below 2^62.
  NSAMETA_HOST_DEVICE std::int64_t sum(const basic_request<N>& r, N rows) const {
    const N empty = r.first >= 0 ? 0 : r.first < -rows ? rows : -r.first;
    const N start = r.first > 0 ? r.first : 0;
    const N left = rows - empty;
    const N below = topk > start ? topk - start : 0;
    const N rising = below < left ? below : left;
    return std::int64_t{rising} * start + (std::int64_t{rising} * (rising - 1) >> 1) +
           std::int64_t{left - rising} * topk;  // products of what the type holds: one instruction
  }
};
using plain_rule = basic_plain_rule<std::int64_t>;

/// What the host works out of shards, pools and tables of slots.
struct shard_constants {
  std::int64_t limit;    ///< positions that a row sees at most, on all ranks together
  std::int64_t longest;  ///< the clamped length of a row that sees so many
  clamp_rule clamp;
  kv_shard_rule kv_shard;
  row_classes classes;
  divisor ranks;      ///< of the q shard
  divisor blocks;     ///< that a q shard in zigzag cuts a request into
  std::int64_t rank;  ///< this one
  nsameta_q_shard_kind kind;
  key_slots keys;

  static shard_constants of(const nsameta_problem& problem, std::int64_t limit) {
    const auto shard = kv_shard_rule::of(problem.kv_shard);
    const auto clamp = clamp_rule::of(problem.index_topk, problem.index_kpool);
    return {limit,
            clamp(shard(limit)),
            clamp,
            shard,
            row_classes::of(shard, problem.q_shard.kind == NSAMETA_Q_SHARD_ROUND_ROBIN ? problem.q_shard.size : 1),
            divisor::of(problem.q_shard.size),
            divisor::of(std::int64_t{2} * problem.q_shard.size),
            problem.q_shard.rank,
            problem.q_shard.kind,
            key_slots::of(problem)};
  }
};

/// Any pool, any KV shard, and with `QShard` any of the queries.
template <class QShard>
struct general_rule : QShard {
  const shard_constants& fixed;

  NSAMETA_HOST_DEVICE bool may_deal() const { return fixed.ranks.value > 1; }
  /// Turns the q shard on if the batch has tokens enough.
  NSAMETA_HOST_DEVICE void deal_tokens(std::int64_t tokens) {
    this->dealt = may_deal() && tokens >= fixed.ranks.value;
    this->parts = this->dealt && fixed.kind == NSAMETA_Q_SHARD_ZIGZAG ? 2 : 1;
    const std::int64_t each = fixed.ranks.quotient(tokens), longer = tokens - each * fixed.ranks.value;
    this->begin = block_begin(each, longer, fixed.rank);
    this->end = block_begin(each, longer, fixed.rank + 1);
  }

  /// Leaves a request the rows of this rank and part; `tokens_before` it in the batch.
  NSAMETA_HOST_DEVICE void deal(request& r, std::int64_t tokens_before) const {
    if (!this->dealt) return;
    const int part = this->part;
    const std::int64_t ranks = fixed.ranks.value, rank = fixed.rank;
    if (fixed.kind == NSAMETA_Q_SHARD_ROUND_ROBIN) {
      const auto dealt_before = [&](std::int64_t tokens) { return fixed.ranks.quotient(tokens + ranks - 1 - rank); };
      const std::int64_t rows = dealt_before(tokens_before);
      r.first += rows * ranks + rank - tokens_before;
      r.owned = dealt_before(tokens_before + r.tokens) - rows;
      r.step = ranks;
    } else if (fixed.kind == NSAMETA_Q_SHARD_CONTIGUOUS) {
      const std::int64_t begin = this->begin, end = this->end;
      const std::int64_t skipped = begin > tokens_before ? begin - tokens_before : 0;
      const std::int64_t stop = end - tokens_before < r.tokens ? end - tokens_before : r.tokens;
      r.first += skipped;
      r.owned = stop > skipped ? stop - skipped : 0;
    } else {
      const std::int64_t each = fixed.blocks.quotient(r.tokens), longer = r.tokens - each * fixed.blocks.value;
      const std::int64_t mirror = fixed.blocks.value - 1 - rank;
      const auto rows = [&](std::int64_t block) { return each + (block < longer); };
      r.first += block_begin(each, longer, part == 0 ? rank : mirror);
      r.rows = rows(part == 0 ? rank : mirror);
      r.owned = rows(rank) + rows(mirror);
      return;
    }
    r.rows = r.owned;
  }
  NSAMETA_HOST_DEVICE bool keeps(const request& r) const { return !this->dealt || r.owned > 0; }

  NSAMETA_HOST_DEVICE std::int64_t local(std::int64_t length) const {
    return fixed.kv_shard(length < fixed.limit ? length : fixed.limit);
  }
  NSAMETA_HOST_DEVICE std::int64_t clamped(std::int64_t length) const { return fixed.clamp(length); }

  /// Of a row that sees `seen` positions if there were no limit: its own, which is the last of them.
  NSAMETA_HOST_DEVICE std::int64_t position(std::int64_t seen) const {
    return seen > 0 ? (seen < fixed.limit ? seen : fixed.limit) - 1 : 0;
  }
  /// Whether it writes a key there.
  NSAMETA_HOST_DEVICE bool writes_key(std::int64_t seen) const { return seen > 0 && seen <= fixed.limit; }

  /// Where the key of a position is written among those of its request's unfinished pool.
  NSAMETA_HOST_DEVICE std::int64_t tail_slot(std::int64_t index, std::int64_t position) const {
    const divisor& kpool = fixed.clamp.kpool;
    return fixed.keys.in_first_block(index, kpool.value == 1 ? 0 : kpool.remainder(position), kpool.value);
  }

  /// Sum of the clamped lengths of the request's first `rows` rows.
  NSAMETA_HOST_DEVICE std::int64_t sum(const request& r, std::int64_t rows) const {
    if (r.step == 1 && !fixed.kv_shard.is_on() && fixed.clamp.kpool.value == 1)
      return plain_rule::of(fixed.limit, fixed.clamp.topk).sum(r, rows);
    const divisor step = r.step > 1 ? fixed.ranks : divide_by_one();
    const bool is_within = r.first + (rows - 1) * step.value <= fixed.limit;
    const std::int64_t within = is_within ? rows : terms_below(fixed.limit + 1, r.first, rows, step);
    return sum_within_limit(r.first, within, step) + (rows - within) * fixed.longest;
  }

 private:
  /// Where block `block` begins, if blocks have `each` tokens, the first `longer` of them one more.
  static NSAMETA_HOST_DEVICE std::int64_t block_begin(std::int64_t each, std::int64_t longer, std::int64_t block) {
    return block * each + (block < longer ? block : longer);
  }

  /// Sum of the clamped lengths of `rows` rows from one that sees `start` positions on.
  NSAMETA_HOST_DEVICE std::int64_t sum_within_limit(std::int64_t start, std::int64_t rows, const divisor& step) const {
    if (start < 0) {  // rows that see nothing add nothing
      const std::int64_t empty = terms_below(0, start, rows, step);
      start += empty * step.value;
      rows -= empty;
    }
    if (rows == 0) return 0;
    if (!fixed.kv_shard.is_on()) return clamped_series_sum(fixed.clamp, start, rows, step);
    if (step.value > 1) return local_classes_sum(fixed.clamp, fixed.kv_shard, fixed.classes, start, rows, step.value);
    std::int64_t sum = 0;
    NSAMETA_UNROLL(1)  // the code once
    for (int side = 0; side < 2; ++side) {
      const std::int64_t below = local_sum_below(fixed.clamp, fixed.kv_shard, side == 0 ? start + rows : start);
      sum += side == 0 ? below : -below;
    }
    return sum;
  }
};

/// Bits of what a request's rows on this rank, in this part, see beyond the tables of slots that are asked for.
template <class Rule>
NSAMETA_HOST_DEVICE std::uint32_t key_bits(const Rule& rule, const request& r, std::int64_t index, bool by_blocks,
                                           bool by_tokens, bool by_first_block) {
  if (r.rows == 0 || r.is_padding) return 0;
  const key_slots& keys = rule.fixed.keys;
  const std::int64_t last = r.first + (r.rows - 1) * r.step, reach = last < rule.fixed.limit ? last : rule.fixed.limit;
  std::uint32_t bits = 0;
  if ((by_blocks && reach > keys.covered) || (by_tokens && reach > keys.tokens.width) ||
      (by_first_block && reach > 0 && keys.covered == 0))
    bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  if (by_tokens && !keys.has_row(keys.row_of(index))) bits |= NSAMETA_BIT_BAD_SLOT;
  return bits;
}

NSAMETA_HOST_DEVICE bool is_plain(const nsameta_problem& problem) {
  return problem.index_kpool == 1 && problem.kv_shard.size == 1 && problem.q_shard.size == 1;
}

}  // namespace nsameta
