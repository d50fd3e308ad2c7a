/// What the host can say about a problem without reading a length.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "fields.h"

namespace nsameta {

/// Where the lengths of a batch are, and what its mode makes of them.
struct batch_lengths {
  const void* kv;        ///< [requests] seq_lens
  const void* tokens;    ///< [requests] query tokens; null: `uniform_rows` each
  const void* rejected;  ///< [requests] drafts to take off seq_lens; null: none
  std::int64_t kv_stride, tokens_stride, rejected_stride;
  std::int32_t uniform_rows;  ///< of each request; 0: as many as tokens
  std::int32_t limit;         ///< positions that a row sees at most
  const std::int32_t* live;   ///< [1] requests that are no padding; null: all
  std::int32_t seq_pad;       ///< KV length of those that are
  bool kv_is_int64, tokens_are_int64, rejected_is_int64;
  bool drafts;           ///< the tokens are drafts, which seq_lens does not count yet
  bool query_within_kv;  ///< a request that has more tokens than seq_lens raises a bit

  /// Whether a request's tokens are the first of `uniform_rows` rows.
  bool left_aligned() const { return tokens != nullptr && uniform_rows > 0; }
  /// Positions beyond its length that a row of any request may see. Ragged drafts add each request's own.
  std::int32_t reserved() const { return drafts || left_aligned() ? uniform_rows : 0; }
};

/// The type of an absent array may be any number, also one that an enum may not be read as.
inline bool is_int64(const nsameta_strided& array) { return array.data != nullptr && array.dtype == NSAMETA_INT64; }

inline batch_lengths lengths_of(const nsameta_problem& problem) {
  const mode_row& mode = row_of(problem.mode);
  constexpr std::int32_t unlimited = std::numeric_limits<std::int32_t>::max();
  return {.kv = problem.seq_lens.data,
          .tokens = problem.extend_seq_lens.data,
          .rejected = problem.num_rejected.data,
          .kv_stride = problem.seq_lens.stride,
          .tokens_stride = problem.extend_seq_lens.stride,
          .rejected_stride = problem.num_rejected.stride,
          .uniform_rows = mode.takes_uniform ? static_cast<std::int32_t>(problem.uniform_extend_len) : 1,
          .limit = problem.context_limit > 0 ? static_cast<std::int32_t>(problem.context_limit) : unlimited,
          .live = problem.live_requests,
          .seq_pad = problem.seq_pad,
          .kv_is_int64 = is_int64(problem.seq_lens),
          .tokens_are_int64 = is_int64(problem.extend_seq_lens),
          .rejected_is_int64 = is_int64(problem.num_rejected),
          .drafts = mode.drafts,
          .query_within_kv = mode.rows_within_cache};
}

/// What is added to every seq_lens for a set of outputs.
inline std::int64_t added_length(const nsameta_outputs& out) { return out.length_offset + out.draft_step; }

/// Whether a set has other rows than its problem: one of each request, because it is of a draft step.
inline bool has_own_rows(const nsameta_problem& problem, const nsameta_outputs& out) {
  return out.draft_step > 0 && problem.mode != NSAMETA_DECODE;
}

inline constexpr std::int32_t most_draft_steps = 1024;

/// The problem of a draft step.
inline nsameta_problem draft_problem(const nsameta_problem& problem) {
  nsameta_problem draft = problem;
  draft.mode = NSAMETA_DECODE;
  draft.extend_seq_lens = {};
  draft.uniform_extend_len = 0;
  draft.out_cache_loc = draft.swa_floor = {};
  draft.row_values = draft.pad_rows_to = 0;
  return draft;
}

/// Whether a set is of another problem than its batch.
inline bool has_own_problem(const nsameta_outputs& out) { return out.draft_step > 0 || out.row_values_from > 0; }

/// That problem.
inline nsameta_problem own_problem(const nsameta_outputs& out, const nsameta_problem& problem) {
  nsameta_problem own = out.draft_step > 0 ? draft_problem(problem) : problem;
  if (out.row_values_from == 0) return own;
  const std::int64_t before = out.row_values_from - 1;
  const auto behind = [&](const nsameta_strided& values) {
    nsameta_strided rest = values;
    if (values.data != nullptr && before < problem.row_values)
      rest.data = static_cast<const char*>(values.data) + before * values.stride * (is_int64(values) ? 8 : 4);
    return rest;
  };
  own.out_cache_loc = behind(problem.out_cache_loc);
  own.swa_floor = behind(problem.swa_floor);
  own.row_values = problem.row_values - before;
  return own;
}

/// Calls `use(problem)` with the problem that a set is of, and returns what it does.
template <class Use>
auto with_problem_of(const nsameta_outputs& out, const nsameta_problem& problem, const Use& use) {
  return has_own_problem(out) ? use(own_problem(out, problem)) : use(problem);
}

/// Rows up to which a set has padding rows.
inline std::int64_t padding_end(const nsameta_problem& problem, const nsameta_outputs& out) {
  return out.draft_step > 0 || problem.batch_size == 0 ? 0 : problem.pad_rows_to;
}

/// Whether the length of padding shows in a set: where there is padding, and in tails.
inline bool shows_seq_pad(const nsameta_problem& problem, const nsameta_outputs& out) {
  return problem.seq_pad != 0 && (problem.live_requests != nullptr || out.vector_tail != NSAMETA_TAIL_KEEP);
}

constexpr bool present(const nsameta_vector& vector) { return vector.data != nullptr; }
constexpr bool present(const nsameta_table& table) { return table.data != nullptr; }

inline bool wants_tables(const nsameta_outputs& out) {
  return present(out.page_table_1) || present(out.real_page_table) || present(out.local_page_table_1);
}

inline bool wants_plans(const nsameta_outputs& out) { return out.plan_count > 0; }

inline bool wants_step_vectors(const nsameta_outputs& out) {
  return [&]<std::size_t... place>(std::index_sequence<place...>) {
    return ((vector_fields[place].step_vector && present(out.*vector_fields[place].member)) || ...);
  }(std::make_index_sequence<vector_fields.size()>());
}

/// Elements of a row vector that can be written: 0 when it is absent.
inline std::int64_t writable(const nsameta_vector& vector, std::int64_t elements) {
  return present(vector) ? std::min(vector.capacity, elements) : 0;
}

/// Rows that at least one output takes.
inline std::int64_t rows_to_write(const nsameta_outputs& out, std::int64_t rows) {
  std::int64_t most = 0;
  for_each_wanted(out, [&]<std::size_t place>(const nsameta_vector& vector) {
    if constexpr (vector_fields[place].per_row()) most = std::max(most, writable(vector, rows));
    return true;
  });
  return most;
}

/// Row vectors that are asked for.
inline std::int64_t row_fields(const nsameta_outputs& out) {
  return [&]<std::size_t... place>(std::index_sequence<place...>) {
    return (std::int64_t{vector_fields[place].per_row() && present(out.*vector_fields[place].member)} + ...);
  }(std::make_index_sequence<vector_fields.size()>());
}

/// Rows that every output takes, of those asked for that have an element for each row; 0 if there are none.
inline std::int64_t rows_in_all(const nsameta_outputs& out) noexcept {
  constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();
  std::int64_t least = none;
  for_each_wanted(out, [&]<std::size_t place>(const nsameta_vector& vector) {
    constexpr const vector_field& field = vector_fields[place];
    if constexpr (field.per_row())
      least = std::min(least, std::max<std::int64_t>(0, vector.capacity - (field.size == extent::rows_plus_one)));
    return true;
  });
  return least == none ? 0 : least;
}

/// Rows the host can bound T by: bs * rows per request where they are uniform, else the smallest capacity among the row
/// outputs asked for, 0 if there are none. Saturates at 2^63 - 1.
inline std::int64_t row_bound(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept {
  if (has_own_rows(problem, outputs)) return problem.batch_size;
  const batch_lengths lengths = lengths_of(problem);
  if (lengths.tokens != nullptr && !lengths.left_aligned()) return rows_in_all(outputs);
  std::int64_t uniform = 0;
  return __builtin_mul_overflow(problem.batch_size, std::int64_t{lengths.uniform_rows}, &uniform)
             ? std::numeric_limits<std::int64_t>::max()
             : uniform;
}

}  // namespace nsameta
