#include "reference/fill.h"

#include <algorithm>
#include <limits>

#include "reference/definitions.h"

namespace nsameta::reference {
namespace {

constexpr std::int64_t longest = std::numeric_limits<std::int32_t>::max();

std::int64_t sane(std::int64_t length, std::int64_t bound, std::int32_t& status) {
  if (length < 0) {
    status |= NSAMETA_BIT_NEGATIVE_LENGTH;
    return 0;
  }
  if (length > bound) {
    status |= NSAMETA_BIT_LENGTH_OVERFLOW;
    return bound;
  }
  return length;
}

/// At the ends of int64 the sum stays there: either end is out of every bound all the same.
std::int64_t moved(std::int64_t length, std::int64_t offset) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(length, offset, &sum)) return sum;
  return offset > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

std::int64_t query_tokens(const nsameta_problem& problem, std::int64_t r) {
  if (has_one_token(problem.mode)) return 1;
  if (problem.extend_seq_lens.data == nullptr) return problem.uniform_extend_len;
  return read(problem.extend_seq_lens, r);
}

/// Whether a request's tokens are padded to uniform_extend_len rows.
bool is_padded(const nsameta_problem& problem) {
  return problem.extend_seq_lens.data != nullptr && problem.uniform_extend_len > 0;
}

/// The bits of a request that is padding are those of its tokens alone.
request read_request(const nsameta_problem& problem, std::int64_t length_offset, std::int64_t r, bool is_live,
                     std::int32_t& status) {
  request out{};
  out.index = r;
  out.is_live = is_live;
  out.query_len = sane(query_tokens(problem, r), longest, status);
  out.tokens = is_padded(problem) ? problem.uniform_extend_len : out.query_len;
  if (out.query_len > out.tokens) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  if (!is_live) {
    out.cache_len = problem.seq_pad;  // as it stands, without offset and drafts
    return out;
  }

  const std::int64_t drafts = has_drafts(problem.mode) ? out.query_len : 0;
  // What rows beyond the length see must fit int32 too.
  const std::int64_t beyond = is_padded(problem) ? problem.uniform_extend_len : drafts;
  const std::int64_t rejected = problem.num_rejected.data != nullptr ? read(problem.num_rejected, r) : 0;
  if (rejected < 0) status |= NSAMETA_BIT_NEGATIVE_LENGTH;
  const std::int64_t accepted = moved(read(problem.seq_lens, r), -std::clamp<std::int64_t>(rejected, 0, longest));
  out.kv_len = sane(moved(accepted, length_offset), longest - beyond, status);
  out.cache_len = within_limit(problem, out.kv_len + drafts);
  if (counts_tokens(problem.mode) && out.query_len > out.kv_len) status |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  const bool row_exceeds = out.tokens > 0 && positions_wanted(problem.mode, out, out.tokens - 1) >
                                                 positions_seen(problem, out, out.tokens - 1);
  if (row_exceeds || out.kv_len + drafts > out.cache_len) status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  return out;
}

/// One of the pieces that `tokens` are cut into, as equal as can be: the first ones have the tokens left over.
struct piece {
  piece(std::int64_t tokens, std::int64_t count, std::int64_t i)
      : begin(tokens / count * i + std::min(i, tokens % count)),
        end(begin + tokens / count + (i < tokens % count ? 1 : 0)) {}

  std::int64_t begin, end;
};

/// Which tokens of a request a rank has.
struct dealt {
  run first;
  run mirror;  ///< whose rows come after the first runs of all requests
};

run run_between(std::int64_t begin, std::int64_t end, std::int64_t step = 1) {
  return {0, begin, step, begin < end ? (end - 1 - begin) / step + 1 : 0};
}

/// `before` flat tokens of the batch, which has `total`, belong to earlier requests.
dealt deal(const nsameta_q_shard& shard, const request& r, std::int64_t before, std::int64_t total) {
  dealt out{};
  switch (shard.kind) {
    case NSAMETA_Q_SHARD_ROUND_ROBIN:
      // From the first token on whose flat index leaves `rank` when divided by `size`.
      out.first = run_between((shard.rank - before % shard.size + shard.size) % shard.size, r.tokens, shard.size);
      break;
    case NSAMETA_Q_SHARD_CONTIGUOUS: {
      const piece own(total, shard.size, shard.rank);
      out.first = run_between(std::max<std::int64_t>(own.begin - before, 0), std::min(own.end - before, r.tokens));
      break;
    }
    case NSAMETA_Q_SHARD_ZIGZAG: {
      const std::int64_t blocks = 2 * static_cast<std::int64_t>(shard.size);
      const piece block(r.tokens, blocks, shard.rank);
      const piece mirror(r.tokens, blocks, blocks - 1 - shard.rank);
      out.first = run_between(block.begin, block.end);
      out.mirror = run_between(mirror.begin, mirror.end);
      break;
    }
  }
  return out;
}

}  // namespace

std::int64_t read(const nsameta_strided& vector, std::int64_t i) {
  const std::int64_t at = i * vector.stride;
  if (vector.dtype == NSAMETA_INT64) return static_cast<const std::int64_t*>(vector.data)[at];
  return static_cast<const std::int32_t*>(vector.data)[at];
}

batch read_batch(const nsameta_problem& problem, std::int64_t length_offset, std::int32_t& status) {
  std::vector<request> all;
  all.reserve(static_cast<std::size_t>(problem.batch_size));
  std::int64_t tokens = 0;
  const std::int64_t live = problem.live_requests == nullptr ? problem.batch_size : *problem.live_requests;
  for (std::int64_t r = 0; r < problem.batch_size; ++r) {
    all.push_back(read_request(problem, length_offset, r, r < live, status));
    tokens += all.back().tokens;
  }

  const bool is_dealt = problem.q_shard.size > 1 && tokens >= problem.q_shard.size;
  batch out{};
  std::vector<run> mirrors;
  std::int64_t before = 0;  // tokens of the requests before, on whatever rank
  std::int64_t earlier = 0;
  const auto append = [&](std::vector<run>& runs, run part) {
    part.request = out.kept.size() - 1;
    if (part.rows > 0) runs.push_back(part);
  };
  for (request r : all) {
    const dealt own = is_dealt ? deal(problem.q_shard, r, before, tokens) : dealt{run_between(0, r.tokens), {}};
    before += r.tokens;
    r.rows = own.first.rows + own.mirror.rows;
    if (is_dealt && r.rows == 0) continue;
    r.earlier = earlier;
    earlier += r.cache_len;
    out.kept.push_back(r);
    out.rows += r.rows;
    append(out.runs, own.first);
    append(mirrors, own.mirror);
  }
  out.runs.insert(out.runs.end(), mirrors.begin(), mirrors.end());
  return out;
}

}  // namespace nsameta::reference
