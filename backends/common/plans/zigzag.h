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
  small_divisor blocks;  ///< of a request
  std::int64_t most;     ///< tokens that a request counts; below 2^30

  static zigzag_rule of(const nsameta_plan& plan, const nsameta_problem& problem) {
    return {plan.parts, plan.rank, small_divisor::of(2 * plan.parts), share_of_request(problem)};
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
    const auto counted = static_cast<std::int32_t>(smaller(tokens, most));
    const std::int32_t each = blocks.quotient(counted);
    return {each, counted - each * blocks.value};
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
  /// Writes what the plan has of a block of request `index`.
  NSAMETA_HOST_DEVICE void write_block(std::int32_t* const* out, std::int32_t index, std::int32_t block,
                                       std::int32_t requests, const cut& c) const {
    const std::int32_t element = index * blocks.value + block, place = gathered(index, block, requests);
    out[split_list][element] = c.size(block);
    out[cp_reverse_index][element] = place;
    out[reverse_split_len][place] = c.size(block);
  }
  /// Writes what it has of this rank's block of request `index`, or of its mirror. `limit`: positions that a row sees
  /// at most.
  NSAMETA_HOST_DEVICE void write_own(std::int32_t* const* out, std::int32_t index, bool is_mirror,
                                     std::int32_t requests, const request& r, const cut& c, std::int64_t limit) const {
    const std::int32_t block = is_mirror ? mirror(rank) : rank;
    out[zigzag_index][is_mirror * requests + index] = index * blocks.value + block;
    out[q_prev + is_mirror][index] = c.size(block);
    out[kv_prev + is_mirror][index] =  // what the block's last row sees
        static_cast<std::int32_t>(smaller(larger(r.first - 1, std::int64_t{0}) + c.end(block), limit));
  }
};

}  // namespace nsameta
