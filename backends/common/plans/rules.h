/// The rules of the plans, one a kind. A rule is made by the host, `of(plan, problem)`; a backend has a function for
/// each that writes the plan.
#pragma once

#include <algorithm>
#include <type_traits>

#include "common/plans/aiter.h"
#include "common/plans/compressed.h"
#include "common/plans/context_lens.h"
#include "common/plans/dcp_local.h"
#include "common/plans/flashmla.h"
#include "common/plans/lists.h"
#include "common/plans/paged_mqa.h"
#include "common/plans/row_tables.h"
#include "common/plans/state.h"
#include "common/plans/topk.h"
#include "common/plans/zigzag.h"

namespace nsameta {

/// Those of the first kinds, in the order of nsameta_plan_kind.
template <class... Rule>
struct plan_rules {
  static_assert(((std::is_trivially_copyable_v<Rule> && alignof(Rule) <= 8) && ...), "a GPU gets its bytes");
  static constexpr int count = sizeof...(Rule);
  static constexpr std::size_t bytes = std::max({sizeof(Rule)...});
  static constexpr bool has(nsameta_plan_kind kind) { return kind < count; }

  /// Calls `visit.operator()<Rule>()` for the rule of a kind.
  template <class Visit>
  static void visit(nsameta_plan_kind kind, const Visit& visit) {
    int number = 0;
    (void)((kind == number++ ? (visit.template operator()<Rule>(), true) : false) || ...);
  }
};

using every_rule = plan_rules<mqa_rule, tile_rule, topk_rule, aiter_rule, page_list_rule, logits_rule, dcp_local_rule,
                              zigzag_rule, context_lens_rule, compressed_rows_rule, compressed_requests_rule,
                              compressed_indices_rule, compressed_blocks_rule, window_rule, compressed_events_rule,
                              compressed_carries_rule, ragged_rows_rule, ragged_blocks_rule, state_decode_rule,
                              state_compress_rule, state_write_rule, compressed_candidates_rule, local_slots_rule>;
static_assert(every_rule::count == plan_kinds.size());

}  // namespace nsameta
