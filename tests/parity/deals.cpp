#include "deals.h"

namespace nsameta::test {
namespace {

/// For each of `tokens` tokens, the piece that it is in when they are cut in `count`, of which the first ones take a
/// token of the remainder each.
longs pieces(std::int64_t tokens, std::int64_t count) {
  longs piece_of;
  for (std::int64_t i = 0; i < count; ++i)
    piece_of.insert(piece_of.end(), static_cast<std::size_t>(tokens / count + (i < tokens % count ? 1 : 0)), i);
  return piece_of;
}

/// Of each flat token, its rank and whether its row comes after the first rows of every request.
struct owners {
  longs rank;
  std::vector<bool> mirrored;
};

owners owners_of(const longs& cu_tokens, const nsameta_q_shard& shard) {
  const std::int64_t size = shard.size, total = cu_tokens.back();
  owners all{{}, std::vector<bool>(static_cast<std::size_t>(total), false)};
  if (shard.kind == NSAMETA_Q_SHARD_CONTIGUOUS) {
    all.rank = pieces(total, size);
  } else if (shard.kind == NSAMETA_Q_SHARD_ROUND_ROBIN) {
    for (std::int64_t token = 0; token < total; ++token) all.rank.push_back(token % size);
  } else {
    for (std::size_t r = 0; r + 1 < cu_tokens.size(); ++r)
      for (const std::int64_t block : pieces(cu_tokens[r + 1] - cu_tokens[r], 2 * size)) {
        all.mirrored[all.rank.size()] = block >= size;
        all.rank.push_back(block < size ? block : 2 * size - 1 - block);
      }
  }
  return all;
}

}  // namespace

std::vector<std::size_t> tokens_of_rank(const longs& cu_tokens, const nsameta_q_shard& shard) {
  const owners all = owners_of(cu_tokens, shard);
  std::vector<std::size_t> tokens;
  for (const bool mirrored : {false, true})
    for (std::size_t token = 0; token < all.rank.size(); ++token)
      if (all.rank[token] == shard.rank && all.mirrored[token] == mirrored) tokens.push_back(token);
  return tokens;
}

}  // namespace nsameta::test
