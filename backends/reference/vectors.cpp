#include <algorithm>
#include <limits>

#include "fields.h"
#include "reference/definitions.h"
#include "reference/fill.h"

namespace nsameta::reference {
namespace {

/// Sums are exact in it whatever the lengths hold.
__extension__ typedef __int128 wide;

/// Writing into an output vector: absent ones and elements beyond the capacity are skipped, sums that do not fit
/// saturate.
class vector_writer {
 public:
  vector_writer(const nsameta_vector& out, std::int32_t& status) : out_(out), status_(status) {}

  /// Elements that can be written; 0 for an absent output.
  std::int64_t capacity() const { return out_.data != nullptr ? out_.capacity : 0; }

  void put(std::int64_t i, wide value) {
    if (i >= capacity()) return;
    if (out_.dtype == NSAMETA_BOOL) {
      static_cast<std::uint8_t*>(out_.data)[i] = value != 0;
      return;
    }
    if (out_.dtype == NSAMETA_INT64) {
      constexpr wide most = std::numeric_limits<std::int64_t>::max();
      static_cast<std::int64_t*>(out_.data)[i] = static_cast<std::int64_t>(value < most ? value : most);
      return;
    }
    constexpr wide most = std::numeric_limits<std::int32_t>::max();
    if (value > most) status_ |= NSAMETA_BIT_CU_OVERFLOW;
    static_cast<std::int32_t*>(out_.data)[i] = static_cast<std::int32_t>(value < most ? value : most);
  }

  /// What stands at `i`, which was written before.
  std::int64_t get(std::int64_t i) const {
    if (out_.dtype == NSAMETA_INT64) return static_cast<const std::int64_t*>(out_.data)[i];
    return static_cast<const std::int32_t*>(out_.data)[i];
  }

 private:
  const nsameta_vector& out_;
  std::int32_t& status_;
};

std::int64_t live_elements(const vector_field& field, const batch& requests) {
  return element_count(field.size, static_cast<std::int64_t>(requests.kept.size()), requests.rows);
}

/// Rows beyond every buffer are counted by read_batch; walking up to 2^31 of them for each request would never end.
std::int64_t longest_capacity(const nsameta_outputs& outputs) {
  std::int64_t longest = 0;
  for (const vector_field& field : vector_fields) {
    const nsameta_vector& out = outputs.*field.member;
    if (field.per_row() && out.data != nullptr) longest = std::max(longest, out.capacity);
  }
  return longest;
}

void check_capacities(const nsameta_outputs& outputs, const batch& requests, std::int32_t& status) {
  for (const vector_field& field : vector_fields) {
    const nsameta_vector& out = outputs.*field.member;
    if (field.per_row() && out.data != nullptr && live_elements(field, requests) > out.capacity) {
      status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    }
  }
}

}  // namespace

void write_request_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                           std::int32_t& status) {
  vector_writer cache_seqlens(outputs.cache_seqlens, status);
  vector_writer cu_seqlens_k(outputs.cu_seqlens_k, status);
  vector_writer cu_seqlens_q(outputs.cu_seqlens_q, status);
  vector_writer local_cache_seqlens(outputs.local_cache_seqlens, status);
  vector_writer last_token_index(outputs.last_token_index, status);

  wide positions = 0;
  wide rows = 0;
  std::int64_t i = 0;
  cu_seqlens_k.put(0, 0);
  cu_seqlens_q.put(0, 0);
  for (const request& r : requests.kept) {
    const std::int64_t cached = local(problem.kv_shard, r.cache_len);
    positions += cached;
    rows += r.rows;
    cache_seqlens.put(i, cached);
    local_cache_seqlens.put(i, cached);
    last_token_index.put(i, r.rows > 0 ? rows - 1 : -1);
    ++i;
    cu_seqlens_k.put(i, positions);
    cu_seqlens_q.put(i, rows);
  }
}

void write_row_vectors(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                       std::int32_t& status) {
  check_capacities(outputs, requests, status);
  vector_writer seqlens_expanded(outputs.seqlens_expanded, status);
  vector_writer nsa_cache_seqlens(outputs.nsa_cache_seqlens, status);
  vector_writer nsa_cu_seqlens_k(outputs.nsa_cu_seqlens_k, status);
  vector_writer nsa_cu_seqlens_q(outputs.nsa_cu_seqlens_q, status);
  vector_writer indexer_ks(outputs.indexer_ks, status);
  vector_writer indexer_ke(outputs.indexer_ke, status);
  vector_writer token_to_batch(outputs.token_to_batch, status);
  vector_writer positions(outputs.positions, status);
  vector_writer slot_mapping(outputs.slot_mapping, status);
  vector_writer out_cache_loc(outputs.out_cache_loc, status);
  vector_writer is_padding(outputs.is_padding, status);
  vector_writer tail_slot_mapping(outputs.tail_slot_mapping, status);

  const std::int64_t longest = longest_capacity(outputs);
  wide selected = 0;  // by the rows so far
  std::int64_t row = 0;
  nsa_cu_seqlens_k.put(0, 0);
  nsa_cu_seqlens_q.put(0, 0);
  for (const run& part : requests.runs) {
    const request& r = requests.kept[part.request];
    for (std::int64_t i = 0; i < part.rows && row < longest; ++i) {
      const std::int64_t token = part.first + i * part.step, seen = positions_seen(problem, r, token);
      const std::int64_t position = std::max<std::int64_t>(0, seen - 1);
      const std::int64_t expanded = local(problem.kv_shard, seen);
      const std::int64_t clamped = clamp(problem, expanded);
      selected += clamped;
      seqlens_expanded.put(row, expanded);
      nsa_cache_seqlens.put(row, clamped);
      indexer_ks.put(row, r.earlier);
      indexer_ke.put(row, wide{r.earlier} + expanded);
      token_to_batch.put(row, static_cast<std::int64_t>(part.request));
      positions.put(row, position);
      const bool writes = writes_key(problem, r, token);
      const auto put_slot = [&](vector_writer& out, auto slot_of) {
        if (out.capacity() == 0) return;
        const auto slot = writes ? slot_of(problem, r, position) : std::nullopt;
        out.put(row, slot.value_or(problem.pad_slot));
      };
      put_slot(slot_mapping, slot_in_blocks);
      put_slot(out_cache_loc, slot_in_tokens);
      put_slot(tail_slot_mapping, slot_in_tail_block);
      is_padding.put(row, r.is_live ? 0 : 1);
      ++row;
      nsa_cu_seqlens_k.put(row, selected);
      nsa_cu_seqlens_q.put(row, row);
    }
  }
}

void write_vector_tails(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                        std::int32_t& status) {
  for (const vector_field& field : vector_fields) {
    if (field.tail == tail_rule::keep) continue;
    vector_writer out(outputs.*field.member, status);
    const std::int64_t live = live_elements(field, requests);
    if (live >= out.capacity()) continue;
    const std::int64_t value = field.tail == tail_rule::last_total ? out.get(live - 1)
                               : field.tail == tail_rule::pad_slot ? problem.pad_slot
                               : field.tail == tail_rule::seq_pad  ? local(problem.kv_shard, problem.seq_pad)
                               : field.tail == tail_rule::one      ? 1
                                                                   : 0;
    for (std::int64_t i = live; i < out.capacity(); ++i) out.put(i, value);
  }
}

void write_padding_rows(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                        std::int32_t& status) {
  vector_writer seqlens_expanded(outputs.seqlens_expanded, status);
  vector_writer nsa_cache_seqlens(outputs.nsa_cache_seqlens, status);
  for (std::int64_t i = 0; i < padding_rows(problem, requests, requests.rows); ++i) {
    const std::int64_t expanded = local(problem.kv_shard, positions_of_padding_row(requests));
    seqlens_expanded.put(requests.rows + i, expanded);
    nsa_cache_seqlens.put(requests.rows + i, clamp(problem, expanded));
  }
}

void write_scalars(const nsameta_outputs& outputs, const batch& requests, std::int32_t& status) {
  vector_writer(outputs.total_rows, status).put(0, requests.rows);
  vector_writer(outputs.status, status).put(0, status);
}

}  // namespace nsameta::reference
