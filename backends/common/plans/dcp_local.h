/// A kv_shard: the cache lengths of all ranks, and where this one writes its keys.
#pragma once

#include "common/plans/lists.h"

namespace nsameta {

/// dcp_local_seq_lens. Request r has the lengths r * ranks and on.
struct dcp_local_rule {
  small_divisor ranks;
  std::int32_t interleave;
  divisor turn;  ///< positions until every rank had `interleave` of them

  static dcp_local_rule of(const nsameta_plan&, const nsameta_problem& problem) {
    const nsameta_kv_shard& shard = problem.kv_shard;
    return {small_divisor::of(shard.size), shard.interleave, divisor::of(std::int64_t{shard.size} * shard.interleave)};
  }
  /// Of `positions`, those of `rank`.
  NSAMETA_HOST_DEVICE std::int32_t held_by(std::int32_t rank, std::int64_t positions) const {
    const std::int64_t turns = turn.quotient(positions), left = positions - turns * turn.value;
    const std::int64_t own = left - std::int64_t{rank} * interleave;
    return static_cast<std::int32_t>(turns * interleave +
                                     smaller(larger(own, std::int64_t{0}), std::int64_t{interleave}));
  }
};

/// local_out_loc: of KV slots that the ranks have in turn.
struct local_slots_rule {
  divisor ranks;
  std::int32_t rank;
  std::int32_t limit;   ///< positions of a cache at most
  std::int32_t most;    ///< rows that a request counts
  std::int32_t padded;  ///< rows up to which there is padding
  bool by_row;          ///< whether the engine gives the KV slot of each row
  list_room<1> held;

  static local_slots_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {.ranks = divisor::of(problem.kv_shard.size),
            .rank = problem.kv_shard.rank,
            .limit = lengths_of(problem).limit,
            .most = static_cast<std::int32_t>(share_of_request(problem)),
            .padded = padding_end(problem),
            .by_row = follows_given_slots(plan, problem),
            .held = list_room<1>::of(plan, 0)};
  }
  NSAMETA_HOST_DEVICE listed_part part(const shard_constants& fixed, const request& r, std::int64_t index) const {
    listed_part part = listed_part::of_rows(r.rows, most);
    const written_tokens written = written_tokens::of(r, part.count, limit);
    if (by_row || !written.are_any()) return part;
    part.bits |= fixed.keys.tokens_of(index) == nullptr
                     ? std::uint32_t{NSAMETA_BIT_BAD_SLOT}
                     : bit_if(written.last > fixed.keys.tokens.width, NSAMETA_BIT_CONTEXT_EXCEEDED);
    return part;
  }
  /// Of row `number` of the batch, which would see `seen` positions if there were no limit. 0, which is nobody's, where
  /// another rank has its slot, and where it has none.
  NSAMETA_HOST_DEVICE std::int64_t slot(const key_slots& keys, const row_inputs& rows, std::int64_t number,
                                        std::int64_t index, std::int64_t seen) const {
    if (seen < 1 || seen > limit) return 0;
    std::int64_t slot = -1;
    if (by_row)
      slot = rows.slot(number);
    else if (const std::int32_t* const tokens = keys.tokens_of(index); tokens != nullptr && seen <= keys.tokens.width)
      slot = tokens[seen - 1];
    if (slot < 0) return 0;
    const std::int64_t own = ranks.quotient(slot);
    return slot - own * ranks.value == rank ? own : 0;
  }
};

}  // namespace nsameta
