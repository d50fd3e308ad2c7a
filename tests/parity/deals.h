/// Which rank has which query token, as the definition of q_shard says it of each token.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "answer.h"
#include "nsameta/nsameta.h"

namespace nsameta::test {

inline constexpr std::array all_deals{NSAMETA_Q_SHARD_ROUND_ROBIN, NSAMETA_Q_SHARD_CONTIGUOUS, NSAMETA_Q_SHARD_ZIGZAG};

/// The flat tokens on the shard's rank, in row order. Request r has those from cu_tokens[r] to cu_tokens[r + 1]. All
/// together are at least as many as there are ranks.
std::vector<std::size_t> tokens_of_rank(const longs& cu_tokens, const nsameta_q_shard& shard);

}  // namespace nsameta::test
