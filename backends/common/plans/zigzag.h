/// How a prefill is cut over ranks that each take a block of every request and its mirror.
#pragma once

#include "common/arithmetic.h"
#include "common/divisor.h"
#include "common/rules.h"
#include "plans.h"

namespace nsameta {

/// split_list and what follows from it. Request r has the blocks r * 2C and on, of C ranks.
struct zigzag_rule {
  /// The plan's buffers, by their names.
  enum buffer {
    split_list,
    zigzag_index,
    per_rank_tokens,
    q_prev,
    q_next,
    kv_prev,
    kv_next,
    cp_reverse_index,
    reverse_split_len,
    buffers
  };
  static_assert(buffers == plan_rows::zigzag_buffers.size());
  std::int32_t ranks, rank;
  divisor blocks;     ///< of a request
  std::int64_t most;  ///< tokens that a request counts

  static zigzag_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {plan.parts, plan.rank, divisor::of(std::int64_t{2} * plan.parts),
            most_plan_units / larger<std::int64_t, std::int64_t>(problem.batch_size, 1)};
  }
  NSAMETA_HOST_DEVICE bool is_too_long(std::int64_t tokens) const { return tokens > most; }

  /// The tokens of a request in equal blocks, the first `longer` of them one longer.
  struct cut {
    std::int32_t each, longer;
    NSAMETA_HOST_DEVICE std::int32_t size(std::int32_t block) const { return each + (block < longer); }
    NSAMETA_HOST_DEVICE std::int32_t end(std::int32_t block) const {
      return (block + 1) * each + smaller(block + 1, longer);
    }
  };
  NSAMETA_HOST_DEVICE cut cut_of(std::int64_t tokens) const {
    const std::int64_t counted = smaller(tokens, most), each = blocks.quotient(counted);
    return {static_cast<std::int32_t>(each), static_cast<std::int32_t>(counted - each * blocks.value)};
  }
  NSAMETA_HOST_DEVICE std::int32_t mirror(std::int32_t block) const { return 2 * ranks - 1 - block; }
  /// Tokens of a request that rank `k` has.
  NSAMETA_HOST_DEVICE std::int32_t tokens_of(const cut& c, std::int32_t k) const {
    return c.size(k) + c.size(mirror(k));
  }
  /// Where a block of a request lies once the ranks' blocks are gathered: a rank's first blocks of all requests, then
  /// their mirrors.
  NSAMETA_HOST_DEVICE std::int32_t gathered(std::int32_t request, std::int32_t block, std::int32_t requests) const {
    const bool is_mirror = block >= ranks;
    return (2 * (is_mirror ? mirror(block) : block) + is_mirror) * requests + request;
  }
  /// Writes what the plan has of request `index`, but for the sums. `limit`: positions that a row sees at most.
  NSAMETA_HOST_DEVICE void write_request(std::int32_t* const* out, std::int32_t index, std::int32_t requests,
                                         const request& r, std::int64_t limit) const {
    const cut c = cut_of(r.tokens);
    const auto each = static_cast<std::int32_t>(blocks.value);
    NSAMETA_UNROLL(1)
    for (std::int32_t block = 0; block < each; ++block) {
      const std::int32_t place = gathered(index, block, requests);
      out[split_list][index * each + block] = c.size(block);
      out[cp_reverse_index][index * each + block] = place;
      out[reverse_split_len][place] = c.size(block);
    }
    for (int half = 0; half < 2; ++half) {
      const std::int32_t block = half == 0 ? rank : mirror(rank);
      out[zigzag_index][half * requests + index] = index * each + block;
      out[q_prev + half][index] = c.size(block);
      out[kv_prev + half][index] =  // what the block's last row sees
          static_cast<std::int32_t>(smaller(larger(r.first - 1, std::int64_t{0}) + c.end(block), limit));
    }
  }
};

}  // namespace nsameta
