/// A problem and one set of outputs as the CPU walks them: requests by index, each given what stands before it.
#pragma once

#include "cpu/table_extent.h"

namespace nsameta::cpu {

/// Writes an element of a vector, which is present and holds `index`.
inline void store_sum(const nsameta_vector& vector, std::int64_t index, std::int64_t sum) {
  if (vector.dtype == NSAMETA_INT64)
    static_cast<std::int64_t*>(vector.data)[index] = sum;
  else
    static_cast<std::int32_t*>(vector.data)[index] = saturated_int32(sum);
}

/// The elements of a vector of bytes.
inline std::uint8_t* bytes_of(const nsameta_vector& vector) { return static_cast<std::uint8_t*>(vector.data); }

/// A request in its batch.
struct located_request {
  std::int64_t index;
  request value;
  totals before;  ///< of all earlier requests
};

/// `table_tile`: columns of a unit of page-table work; 0 where no page table is asked for, and the problem need not
/// have what tables need.
template <class Rule, int table_tile>
struct batch {
  const nsameta_problem& problem;
  const nsameta_outputs& out;
  const batch_lengths& lengths;
  Rule rule;
  table_shape shape;  ///< read where page tables are asked for

  /// Flat: a call for each request cost a batch with page tables 7 % more instructions.
  [[gnu::flatten]] request load(std::int64_t index, const totals& before) const {
    request r = load_request(lengths, out.length_offset, index);
    rule.deal(r, before.tokens);
    return r;
  }

  table_extent extent_of(const request& r, std::int64_t index) const { return {problem, shape, r, index}; }

  /// What a request adds to the batch's totals.
  [[gnu::always_inline]] totals totals_of(std::int64_t index, const request& r) const {
    totals sum{};
    sum.tokens = r.tokens;
    sum.rows = r.rows;
    sum.owned = r.owned;
    sum.bits = r.bits;
    if (!rule.keeps(r)) return sum;
    if constexpr (Rule::deals)
      if (present(out.status))
        sum.bits |= key_bits(rule, r, index, present(out.slot_mapping), present(out.out_cache_loc),
                             present(out.tail_slot_mapping));
    sum.kv_len = rule.local(r.kv_len);
    sum.clamped = rule.sum(r, r.rows);
    sum.kept = 1;
    if constexpr (table_tile > 0) {
      const table_extent extent = extent_of(r, index);
      sum.table_units = shape.shows_request_once && rule.part > 0 ? 0 : extent.units();
      sum.bits |= extent.bits(shape, r);
    }
    return sum;
  }

  /// The rows on this rank that come before those of the requests behind `sum`.
  std::int64_t rows(const totals& sum) const {
    if constexpr (Rule::deals) return sum.rows;
    return sum.tokens;
  }

  /// Rows of the page tables among them.
  std::int64_t table_rows(const totals& sum) const {
    return row_of(problem.mode).table_row_a_row ? rows(sum) : sum.kept;
  }

  /// Expanded length of row `j` of a request, of those on this rank.
  std::int64_t expanded(const located_request& at, std::int64_t j) const {
    const std::int64_t seen = at.value.first + j * at.value.step;
    return rule.local(seen > 0 ? seen : 0);
  }

  /// Sum of the clamped lengths of all rows of the batch before row `j` of a request.
  std::int64_t clamped_before(const located_request& at, std::int64_t j) const {
    return saturating_add(at.before.clamped, rule.sum(at.value, j));
  }
};

}  // namespace nsameta::cpu
