/// One request of a batch: its lengths made sane, and the rows it expands to.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/lengths.h"

namespace nsameta {

inline constexpr std::int64_t int32_max = 2147483647;

/// The arithmetic progression that a request expands to: row j shows max(0, first + j * step) KV positions. `N` is
/// int64 or, where everything is known to fit, int32, which a GPU computes several times as fast.
template <class N>
struct basic_request {
  N tokens;  ///< query tokens on all ranks
  N rows;    ///< those of them on this rank
  N first;
  N step;              ///< 1, or the size of the q shard
  N kv_len;            ///< cache_seqlens on all ranks together
  std::uint32_t bits;  ///< nsameta_status_bit raised by its lengths
};
using request = basic_request<std::int64_t>;

/// a + b where a request without rows may leave the range: nobody looks at it then.
template <class N>
NSAMETA_HOST_DEVICE N wrapping_add(N a, N b) {
  using bits = std::make_unsigned_t<N>;
  return static_cast<N>(static_cast<bits>(a) + static_cast<bits>(b));
}

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
  const std::int64_t kv_len = load(lengths.kv, lengths.kv_is_int64, index * lengths.kv_stride);
  const std::int64_t tokens = lengths.tokens == nullptr
                                  ? lengths.uniform_tokens
                                  : load(lengths.tokens, lengths.tokens_are_int64, index * lengths.tokens_stride);
  request r{};
  // Draft tokens must still fit int32 with what they are added to.
  const std::int64_t s = sane_length(offset_length(kv_len, kv_offset), int32_max - lengths.drafts, r.bits);
  r.kv_len = s + lengths.drafts;
  r.tokens = sane_length(tokens, int32_max, r.bits);
  r.rows = r.tokens;
  r.first = r.kv_len - r.tokens + 1;  // the last row sees the whole cache
  r.step = 1;
  if (lengths.query_within_kv && r.tokens > s) r.bits |= NSAMETA_BIT_QUERY_LONGER_THAN_KV;
  return r;
}

}  // namespace nsameta
