/// What kernels are launched with, worked out by the host: a few cache lines, because arguments are constants and each
/// line of those costs 50 cycles. Outputs have their public names. `N` is what lengths, rows and sums are computed in:
/// int32, where no shard and no pool is on and everything is known to fit, or int64.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "common/rules.h"
#include "fields.h"
#include "gpu/tuning.h"

namespace nsameta::gpu {

/// Whether pools, KV shards, int64 sums and what else int64 alone serves are at hand.
template <class N>
inline constexpr bool is_general = std::is_same_v<N, std::int64_t>;

/// The largest there is in place of more.
template <class N>
NSAMETA_HOST_DEVICE N clipped(std::int64_t number) {
  constexpr auto most = static_cast<N>(static_cast<std::make_unsigned_t<N>>(-1) / 2);
  return number < most ? static_cast<N>(number) : most;
}

/// An input array, as kernels read it: elements of one word or two, any distance apart.
template <class N>
struct integer_array {
  const void* data;
  N stride;  ///< bytes
  std::int32_t is_int64;
};

/// Requests of as many rows each. The same for all sets of outputs, so that nothing that the first loads need is looked
/// up by set. What every kernel's first loads need comes first, to be in one line of constants, also where requests of
/// as many rows do without it.
template <class N>
struct uniform_batch {
  integer_array<N> seq_lens;
  integer_array<N> extend_seq_lens;  ///< readable also where each request has `uniform_query`
  std::int32_t requests;
  std::int32_t lanes_shift;    ///< log2 of the lanes that write a request's rows
  std::int32_t vector_blocks;  ///< of the grid's row
  std::int32_t uniform_rows;   ///< below 0: as many as tokens
  const std::int32_t* live;    ///< [1] requests that are no padding; null: all
  std::int32_t limit;          ///< positions that a row sees at most
  std::int32_t topk;           ///< at most the limit

  NSAMETA_DEVICE basic_plain_rule<N> plain_rule() const { return {{}, limit, topk}; }
};

/// Lengths that int64 alone serves.
template <class N>
struct general_lengths {};
template <>
struct general_lengths<std::int64_t> {
  integer_array<std::int64_t> rejected;  ///< null: none
  std::int64_t seq_pad;                  ///< KV length of padding requests
};

/// Any requests.
template <class N>
struct request_batch : uniform_batch<N>, general_lengths<N> {
  std::int32_t uniform_query;  ///< tokens of each request; below 0: extend_seq_lens has them
  std::int32_t ragged_drafts;  ///< all bits where tokens are drafts that extend_seq_lens has, else none
};

/// Pages: of a power of two of positions, or in int64 of any number.
template <class N>
struct paging {
  std::int32_t shift;

  static paging of(std::int32_t page_size) { return {log2_of(page_size)}; }
  /// Pages that begin within the first `positions`.
  NSAMETA_DEVICE N pages(N positions) const { return (positions + (1 << shift) - 1) >> shift; }
  NSAMETA_DEVICE N page_at(N column) const { return column >> shift; }
  NSAMETA_DEVICE N column(N page) const { return page << shift; }
  NSAMETA_DEVICE std::int32_t shown(std::int32_t kv_slot) const { return kv_slot >> shift; }
};
template <>
struct paging<std::int64_t> {
  small_divisor size;

  static paging of(std::int32_t page_size) { return {small_divisor::of(page_size)}; }
  NSAMETA_DEVICE std::int64_t pages(std::int64_t positions) const {
    return positions > 0 ? page_at(positions - 1 < int32_max ? positions - 1 : int32_max) + 1 : 0;
  }
  NSAMETA_DEVICE std::int64_t page_at(std::int64_t column) const {
    return size.quotient(static_cast<std::int32_t>(column));
  }
  NSAMETA_DEVICE std::int64_t column(std::int64_t page) const { return page * size.value; }
  NSAMETA_DEVICE std::int32_t shown(std::int32_t kv_slot) const { return size.floor(kv_slot); }
};

/// The input of page tables.
template <class N>
struct table_source {
  std::int32_t blocks;         ///< of the grid's row
  std::int32_t blocks_shift;   ///< log2 of the blocks that a group of requests has to itself
  std::int32_t row_a_request;  ///< whatever its tokens
  paging<N> page;
  N slots, width;  ///< of req_to_token
  integer_array<N> req_pool_indices;
  const std::int32_t* req_to_token;
  std::int64_t stride;  ///< of req_to_token, elements
};

/// An output; absent: a capacity of 0.
template <class N>
struct output_vector {
  N* data;
  N capacity;
  NSAMETA_DEVICE bool has_int32() const { return capacity > 0; }
};
template <>
struct output_vector<std::int64_t> {
  void* data;
  std::int64_t capacity : 63;
  std::uint64_t is_int64 : 1;
  NSAMETA_DEVICE bool has_int32() const { return capacity > 0 && !is_int64; }
};

/// An output of bytes; absent: a capacity of 0.
struct output_bytes {
  std::uint8_t* data;
  std::int64_t capacity : 62;
  // Of the set: in this word, because arguments end at 4 KB.
  std::uint64_t has_step_vectors : 1;
  std::uint64_t own_rows : 1;
};

/// Vectors that int64 alone serves, and what else there is to know of a set.
template <class N>
struct general_vectors {
  std::int32_t own_rows;
  /// Whether every request has one row, because the set is of a draft step of a batch that has others.
  NSAMETA_DEVICE bool has_own_rows() const { return own_rows != 0; }
};
template <>
struct general_vectors<std::int64_t> {
  output_vector<std::int64_t> indexer_ks, indexer_ke, local_cache_seqlens;
  output_vector<std::int64_t> positions, slot_mapping, out_cache_loc, last_token_index, tail_slot_mapping;
  output_bytes is_padding;
  /// Whether any of the step vectors is asked for.
  NSAMETA_DEVICE bool has_step_vectors() const { return is_padding.has_step_vectors; }
  NSAMETA_DEVICE bool has_own_rows() const { return is_padding.own_rows; }
};

template <class N>
struct length_outputs {
  N kv_least, kv_most, kv_added;  ///< a request's KV length is clamp(seq_lens, least, most) + added, and ragged drafts
  N row_limit;                    ///< rows that at least one output takes
  output_vector<N> seqlens_expanded, nsa_cache_seqlens;
};

template <class N>
struct vector_outputs : length_outputs<N>, general_vectors<N> {
  output_vector<N> nsa_cu_seqlens_k, nsa_cu_seqlens_q, token_to_batch;
  output_vector<N> cache_seqlens, cu_seqlens_k, cu_seqlens_q, total_rows;
};

/// What the table of outputs says of a vector: a constant, because a GPU has no table.
template <vector_member member>
struct field_of {
  static constexpr vector_field row = *std::ranges::find(vector_fields, member, &vector_field::member);
  static constexpr bool per_row = row.per_row(), has_last_sum = row.size == extent::rows_plus_one,
                        is_row_length = row.is_row_length();
};

/// Calls `visit(vector, field_of)` for each vector of a set but the status word.
template <class Set, class Visit>
NSAMETA_HOST_DEVICE void for_each_vector(Set& set, const Visit& visit) {
  visit(set.seqlens_expanded, field_of<&nsameta_outputs::seqlens_expanded>{});
  visit(set.nsa_cache_seqlens, field_of<&nsameta_outputs::nsa_cache_seqlens>{});
  visit(set.nsa_cu_seqlens_k, field_of<&nsameta_outputs::nsa_cu_seqlens_k>{});
  visit(set.nsa_cu_seqlens_q, field_of<&nsameta_outputs::nsa_cu_seqlens_q>{});
  visit(set.token_to_batch, field_of<&nsameta_outputs::token_to_batch>{});
  visit(set.cache_seqlens, field_of<&nsameta_outputs::cache_seqlens>{});
  visit(set.cu_seqlens_k, field_of<&nsameta_outputs::cu_seqlens_k>{});
  visit(set.cu_seqlens_q, field_of<&nsameta_outputs::cu_seqlens_q>{});
  visit(set.total_rows, field_of<&nsameta_outputs::total_rows>{});
  if constexpr (requires { set.indexer_ks; }) {
    visit(set.indexer_ks, field_of<&nsameta_outputs::indexer_ks>{});
    visit(set.indexer_ke, field_of<&nsameta_outputs::indexer_ke>{});
    visit(set.local_cache_seqlens, field_of<&nsameta_outputs::local_cache_seqlens>{});
    visit(set.positions, field_of<&nsameta_outputs::positions>{});
    visit(set.slot_mapping, field_of<&nsameta_outputs::slot_mapping>{});
    visit(set.out_cache_loc, field_of<&nsameta_outputs::out_cache_loc>{});
    visit(set.last_token_index, field_of<&nsameta_outputs::last_token_index>{});
    visit(set.tail_slot_mapping, field_of<&nsameta_outputs::tail_slot_mapping>{});
    visit(set.is_padding, field_of<&nsameta_outputs::is_padding>{});
  }
}

/// An output table; absent: no rows.
template <class N>
struct output_table {
  std::int32_t* data;
  std::int64_t stride;  ///< elements
  N rows, width;
};

/// Tables that int64 alone serves.
template <class N>
struct general_tables {};
template <>
struct general_tables<std::int64_t> {
  output_table<std::int64_t> local_page_table_1;
};

template <class N>
struct table_outputs : general_tables<N> {
  output_table<N> page_table_1, real_page_table;
};

/// Calls `visit(table, member)` for each table of a set.
template <class Set, class Visit>
NSAMETA_HOST_DEVICE void for_each_table(Set& set, const Visit& visit) {
  visit(set.page_table_1, &nsameta_outputs::page_table_1);
  visit(set.real_page_table, &nsameta_outputs::real_page_table);
  if constexpr (requires { set.local_page_table_1; })
    visit(set.local_page_table_1, &nsameta_outputs::local_page_table_1);
}

/// A set of outputs. What the page tables need lies side by side.
template <class N>
struct output_set : table_outputs<N>, vector_outputs<N> {};

/// The tails of a set, and its status word: what the kernels of short steps do without.
struct set_tails {
  std::uint32_t* status;
  std::int8_t vector_tail;  ///< whether there is one
  std::int8_t pads_rows;    ///< whether lengths have padding rows
  std::int16_t table_tail;  ///< whether there is one
  std::int32_t table_tail_value;
};

/// Two lines of constants.
struct uniform_lengths_arguments {
  uniform_batch<std::int32_t> batch;
  length_outputs<std::int32_t> set;
};

struct vector_arguments {
  request_batch<std::int32_t> batch;
  vector_outputs<std::int32_t> set;
};

template <int max_sets>
struct table_arguments {
  request_batch<std::int32_t> batch;
  table_source<std::int32_t> source;
  output_set<std::int32_t> sets[max_sets];
};

struct no_shards {};

template <class N>
struct full_arguments {
  std::int32_t shares_shift;  ///< log2 of the blocks that share the rows of the same requests
  std::int32_t block_groups;  ///< groups of requests that a block of vectors takes in turn
  std::int32_t tail_blocks;
  std::int16_t status_blocks;
  std::int16_t lengths_only;  ///< whether no set wants more than the two lengths
  std::int32_t reserved;      ///< positions beyond a length that every request's rows may see
  std::int32_t padded;        ///< rows up to which sets that pad have padding
  std::conditional_t<is_general<N>, shard_constants, no_shards> shards;
  request_batch<N> batch;
  table_source<N> source;
  output_set<N> sets[NSAMETA_SETS_PER_LAUNCH];
  set_tails tails[NSAMETA_SETS_PER_LAUNCH];
  /// With `QShard`, which int64 alone may deal with.
  template <class QShard>
  NSAMETA_DEVICE auto rule() const {
    if constexpr (is_general<N>)
      return general_rule<QShard>{{}, shards};
    else
      return batch.plain_rule();
  }
};

}  // namespace nsameta::gpu
