/// One request of a batch, its lengths made sane, and what a run of requests adds up to.
#pragma once

#include "common/arithmetic.h"
#include "common/rules.h"
#include "problem.h"

namespace nsameta::cpu {

inline std::int64_t load(const void* data, bool is_int64, std::int64_t at) {
  return is_int64 ? static_cast<const std::int64_t*>(data)[at] : static_cast<const std::int32_t*>(data)[at];
}

/// Brings a length into [0, bound], raising the bit of what was wrong with it.
inline std::int64_t sane_length(std::int64_t length, std::int64_t bound, std::uint32_t& bits) {
  if (length < 0) bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
  if (length > bound) bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
  const std::int64_t at_most = length < bound ? length : bound;
  return at_most > 0 ? at_most : 0;
}

/// A length moved by the outputs' offset. Within int64 for any length: past its ends only the side counts.
inline std::int64_t offset_length(std::int64_t length, std::int64_t offset) {
  constexpr std::int64_t far = std::int64_t{1} << 62;
  return (length > far ? far : length < -far ? -far : length) + offset;
}

/// `kv_offset`: within +-2^31, added to the request's KV length first.
inline request load_request(const batch_lengths& lengths, std::int64_t kv_offset, std::int64_t index) {
  std::int64_t kv_len = load(lengths.kv, lengths.kv_is_int64, index * lengths.kv_stride);
  const std::int64_t tokens = lengths.tokens == nullptr
                                  ? lengths.uniform_rows
                                  : load(lengths.tokens, lengths.tokens_are_int64, index * lengths.tokens_stride);
  request r{};
  const std::int64_t query = sane_length(tokens, int32_max, r.bits);
  r.tokens = r.rows = r.owned = lengths.uniform_rows > 0 ? lengths.uniform_rows : query;
  r.step = 1;
  r.first = 1 - r.rows;
  if (query > r.rows) r.bits |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  r.is_padding = lengths.live != nullptr && index >= *lengths.live;
  if (r.is_padding) {
    r.kv_len = lengths.seq_pad;
    return r;
  }
  if (lengths.rejected != nullptr) {
    const std::int64_t rejected = load(lengths.rejected, lengths.rejected_is_int64, index * lengths.rejected_stride);
    if (rejected < 0) r.bits |= NSAMETA_BIT_NEGATIVE_LENGTH;
    kv_len = committed_length(kv_len, rejected);
  }
  const std::int64_t drafts = lengths.drafts ? query : 0;
  // What the last row sees must still fit int32.
  const std::int64_t beyond = larger(std::int64_t{lengths.reserved()}, drafts);
  const std::int64_t s = sane_length(offset_length(kv_len, kv_offset), int32_max - beyond, r.bits);
  r.kv_len = s + drafts;
  r.first = r.kv_len - query + 1;  // the last token sees the whole cache
  if (lengths.query_within_kv && query > s) r.bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  const std::int64_t last = r.first + r.rows - 1;  // below kv_len only where there is no row
  if (larger(r.kv_len, last) > lengths.limit) r.bits |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  return r;
}

/// The monoid of every prefix sum here. Only `clamped` and `table_units` can reach the end of int64.
struct totals {
  std::int64_t tokens;       ///< query tokens on all ranks
  std::int64_t rows;         ///< of a q shard: on this rank, so far as they come first there
  std::int64_t owned;        ///< of a q shard: on this rank
  std::int64_t kv_len;       ///< of cache_seqlens
  std::int64_t clamped;      ///< of the rows' clamped lengths
  std::int64_t table_units;  ///< of page-table work, see table_extent.h
  std::int32_t kept;         ///< requests that have per-request outputs
  std::uint32_t bits;        ///< nsameta_status_bit, or-ed
};

inline totals operator+(const totals& a, const totals& b) {
  return {a.tokens + b.tokens,
          a.rows + b.rows,
          a.owned + b.owned,
          a.kv_len + b.kv_len,
          saturating_add(a.clamped, b.clamped),
          saturating_add(a.table_units, b.table_units),
          a.kept + b.kept,
          a.bits | b.bits};
}

/// What a part of the batch's rows leaves to the next part, in which the requests count again.
inline totals rows_of(const totals& part) {
  totals sum{};
  sum.rows = part.rows;
  sum.clamped = part.clamped;
  sum.bits = part.bits;
  return sum;
}

}  // namespace nsameta::cpu
