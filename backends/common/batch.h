/// A problem and one set of outputs as the backends walk them: requests by index, each given what stands before it.
#pragma once

#include "common/page_tables.h"
#include "common/rules.h"
#include "common/totals.h"

namespace nsameta {

NSAMETA_HOST_DEVICE bool wants_tables(const nsameta_outputs& out) {
  return out.page_table_1.data != nullptr || out.real_page_table.data != nullptr;
}

/// A request in its batch.
struct located_request {
  std::int64_t index;
  request value;
  totals before;  ///< of all earlier requests
};

/// `with_tables`: whether page tables are wanted; batches without them get code without them. Of several sets filled at
/// once some may want none all the same, and then the problem need not have what tables need.
template <class Rule, bool with_tables>
struct batch {
  const nsameta_problem& problem;
  const nsameta_outputs& out;
  Rule rule;

  NSAMETA_HOST_DEVICE batch(const nsameta_problem& p, const nsameta_outputs& o) : problem(p), out(o), rule(p) {}

  NSAMETA_HOST_DEVICE request load(std::int64_t index, const totals& before) const {
    request r = load_request(problem, out.length_offset, index);
    rule.deal(r, before.tokens);
    return r;
  }

  /// What a request adds to the batch's totals.
  NSAMETA_HOST_DEVICE totals totals_of(std::int64_t index, const request& r) const {
    totals sum{r.tokens, 0, 0, 0, 0, r.bits};
    if (!rule.keeps(r)) return sum;
    sum.kv_len = rule.local(r.kv_len);
    sum.clamped = rule.sum(r, r.rows);
    sum.kept = 1;
    if constexpr (with_tables) {
      if (!wants_tables(out)) return sum;
      const table_extent extent(problem, out, r);
      sum.table_units = extent.units(problem, index);
      sum.bits |= extent.bits(problem, index);
    }
    return sum;
  }

  /// Rows on this rank among the requests that add up to `sum`.
  NSAMETA_HOST_DEVICE std::int64_t rows(const totals& sum) const { return rule.rows_before(sum.tokens); }

  /// Rows of the page tables among them: `extend` shows each request once.
  NSAMETA_HOST_DEVICE std::int64_t table_rows(const totals& sum) const {
    return problem.mode == NSAMETA_EXTEND ? sum.kept : rows(sum);
  }

  /// Expanded length of row `j` of a request, of those on this rank.
  NSAMETA_HOST_DEVICE std::int64_t expanded(const located_request& at, std::int64_t j) const {
    const std::int64_t seen = at.value.first + j * at.value.step;
    return rule.local(seen > 0 ? seen : 0);
  }

  /// Sum of the clamped lengths of all rows of the batch before row `j` of a request.
  NSAMETA_HOST_DEVICE std::int64_t clamped_before(const located_request& at, std::int64_t j) const {
    return saturating_add(at.before.clamped, rule.sum(at.value, j));
  }
};

}  // namespace nsameta
