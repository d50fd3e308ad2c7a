/// The outputs as data: one row a field, so that validation, row limits, tails, JSON, staging, comparison, digests and
/// Python walk the same list and none can forget a field.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "modes.h"
#include "nsameta/nsameta.h"

namespace nsameta {

/// How many elements a field has; element_count() has their order.
enum class extent {
  requests,  ///< bs (or the kept requests under q_shard)
  requests_plus_one,
  rows,  ///< T
  rows_plus_one,
  one
};

/// What stands beyond the live elements under NSAMETA_TAIL_ZERO.
enum class tail_rule { keep, zero, last_total, pad_slot, seq_pad, one };

/// Which problems have a field.
enum class validity { always, without_kv_shard, without_zigzag, with_block_table, with_req_to_token };

/// Which elements an argument takes.
enum class elements { int32, int32_or_int64, int64, boolean };

/// Named, because nvcc puts parentheses around a member pointer's declarator that the host compiler then warns of.
using vector_member = nsameta_vector nsameta_outputs::*;
using table_member = nsameta_table nsameta_outputs::*;

struct vector_field {
  const char* name;
  vector_member member;
  extent size;
  tail_rule tail;
  elements holds;
  validity valid = validity::always;
  bool step_vector = false;  ///< of those that no row table needs

  /// The type of its elements: the wider one where it has the choice and `wide` says so.
  constexpr nsameta_dtype dtype(bool wide) const {
    if (holds == elements::boolean) return NSAMETA_BOOL;
    return holds == elements::int64 || (wide && holds == elements::int32_or_int64) ? NSAMETA_INT64 : NSAMETA_INT32;
  }
  constexpr bool may_be(nsameta_dtype type) const { return dtype(type == NSAMETA_INT64) == type; }

  /// Has an element for each row.
  constexpr bool per_row() const { return size == extent::rows || size == extent::rows_plus_one; }

  /// Says what each row sees, padding rows too.
  constexpr bool is_row_length() const {
    return member == &nsameta_outputs::seqlens_expanded || member == &nsameta_outputs::nsa_cache_seqlens;
  }
};

/// A new row comes last: digests number fields by their places.
inline constexpr auto vector_fields = std::to_array<vector_field>({
    {"cache_seqlens", &nsameta_outputs::cache_seqlens, extent::requests, tail_rule::seq_pad, elements::int32},
    {"cu_seqlens_k", &nsameta_outputs::cu_seqlens_k, extent::requests_plus_one, tail_rule::last_total,
     elements::int32_or_int64},
    {"cu_seqlens_q", &nsameta_outputs::cu_seqlens_q, extent::requests_plus_one, tail_rule::last_total,
     elements::int32_or_int64},
    {"seqlens_expanded", &nsameta_outputs::seqlens_expanded, extent::rows, tail_rule::zero, elements::int32},
    {"nsa_cache_seqlens", &nsameta_outputs::nsa_cache_seqlens, extent::rows, tail_rule::zero, elements::int32},
    {"nsa_cu_seqlens_k", &nsameta_outputs::nsa_cu_seqlens_k, extent::rows_plus_one, tail_rule::last_total,
     elements::int32_or_int64},
    {"nsa_cu_seqlens_q", &nsameta_outputs::nsa_cu_seqlens_q, extent::rows_plus_one, tail_rule::last_total,
     elements::int32_or_int64},
    {"indexer_ks", &nsameta_outputs::indexer_ks, extent::rows, tail_rule::zero, elements::int32,
     validity::without_kv_shard},
    {"indexer_ke", &nsameta_outputs::indexer_ke, extent::rows, tail_rule::zero, elements::int32,
     validity::without_kv_shard},
    {"token_to_batch", &nsameta_outputs::token_to_batch, extent::rows, tail_rule::zero, elements::int32},
    {"total_rows", &nsameta_outputs::total_rows, extent::one, tail_rule::keep, elements::int32},
    {"status", &nsameta_outputs::status, extent::one, tail_rule::keep, elements::int32},
    {"local_cache_seqlens", &nsameta_outputs::local_cache_seqlens, extent::requests, tail_rule::seq_pad,
     elements::int32},
    {"positions", &nsameta_outputs::positions, extent::rows, tail_rule::zero, elements::int32_or_int64,
     validity::always, true},
    {"slot_mapping", &nsameta_outputs::slot_mapping, extent::rows, tail_rule::pad_slot, elements::int64,
     validity::with_block_table, true},
    {"out_cache_loc", &nsameta_outputs::out_cache_loc, extent::rows, tail_rule::pad_slot, elements::int32_or_int64,
     validity::with_req_to_token, true},
    {"last_token_index", &nsameta_outputs::last_token_index, extent::requests, tail_rule::keep, elements::int32,
     validity::without_zigzag, true},
    {"is_padding", &nsameta_outputs::is_padding, extent::rows, tail_rule::one, elements::boolean, validity::always,
     true},
    {"tail_slot_mapping", &nsameta_outputs::tail_slot_mapping, extent::rows, tail_rule::pad_slot, elements::int64,
     validity::with_block_table, true},
});

/// Whether the problem has the field: asking for one that it has not is an error. A batch of no request needs no table.
constexpr bool applies(const vector_field& field, const nsameta_problem& problem) {
  switch (field.valid) {
    case validity::without_kv_shard:
      return problem.kv_shard.size == 1;
    case validity::without_zigzag:
      return problem.q_shard.size == 1 || problem.q_shard.kind != NSAMETA_Q_SHARD_ZIGZAG;
    case validity::with_block_table:
      return problem.block_table.data != nullptr || problem.batch_size == 0;
    case validity::with_req_to_token:
      return problem.req_to_token.data != nullptr || problem.batch_size == 0;
    case validity::always:
      return true;
  }
  return true;
}

/// Calls `visit.operator()<i>(vector)`, i the field's place in vector_fields, for every output vector that is asked
/// for, until one returns false. The field is a constant, so that what is not asked for costs one comparison: every
/// fill walks this list more than once.
template <class Visit>
bool for_each_wanted(const nsameta_outputs& outputs, Visit visit) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return (((outputs.*vector_fields[i].member).data == nullptr ||
             visit.template operator()<i>(outputs.*vector_fields[i].member)) &&
            ...);
  }(std::make_index_sequence<vector_fields.size()>());
}

/// What a column of a page table shows.
enum class column { position, page, local_position };

struct table_field {
  const char* name;
  table_member member;
  column shows;

  /// Columns that show a request's first `positions`.
  constexpr std::int64_t columns(std::int64_t positions, const nsameta_problem& problem) const {
    const nsameta_kv_shard& shard = problem.kv_shard;
    const std::int64_t run = shard.interleave, period = run * shard.size;
    switch (shows) {
      case column::page:
        return positions / problem.page_size + (positions % problem.page_size != 0);
      case column::local_position:
        return positions / period * run + std::clamp<std::int64_t>(positions % period - run * shard.rank, 0, run);
      default:
        return positions;
    }
  }
};

inline constexpr auto table_fields = std::to_array<table_field>({
    {"page_table_1", &nsameta_outputs::page_table_1, column::position},
    {"real_page_table", &nsameta_outputs::real_page_table, column::page},
    {"local_page_table_1", &nsameta_outputs::local_page_table_1, column::local_position},
});

inline constexpr std::size_t output_count = vector_fields.size() + table_fields.size();

// No field without its row; and no padding at the end, which a later field would share with what older callers left.
static_assert(sizeof(nsameta_outputs) == sizeof(size_t) + vector_fields.size() * sizeof(nsameta_vector) +
                                             table_fields.size() * sizeof(nsameta_table) + 4 * sizeof(std::int32_t) +
                                             3 * sizeof(std::int64_t) + sizeof(void*));
// Beside them: tails and their value, the draft step; the offset; the plans and how many they are; where values of rows
// begin.

/// Elements of a field for `requests` (kept) requests and `rows` expanded rows.
constexpr std::int64_t element_count(extent size, std::int64_t requests, std::int64_t rows) {
  const std::int64_t counts[] = {requests, requests + 1, rows, rows + 1, 1};
  return counts[static_cast<int>(size)];
}

constexpr std::int64_t element_bytes(nsameta_dtype dtype) {
  return dtype == NSAMETA_INT64 ? 8 : dtype == NSAMETA_BOOL ? 1 : 4;
}

}  // namespace nsameta
