/// The plans of a set of outputs. One thread: a plan has less work than waking another takes.
#pragma once

#include "common/plans/rules.h"
#include "cpu/plans/aiter.h"
#include "cpu/plans/compressed.h"
#include "cpu/plans/context_lens.h"
#include "cpu/plans/dcp_local.h"
#include "cpu/plans/flashmla.h"
#include "cpu/plans/lists.h"
#include "cpu/plans/paged_mqa.h"
#include "cpu/plans/row_tables.h"
#include "cpu/plans/topk.h"
#include "cpu/plans/zigzag.h"

namespace nsameta::cpu {

/// The status word of the set is written.
template <class Rows>
void write_plans(const nsameta_problem& problem, const nsameta_outputs& out, const batch_lengths& lengths,
                 const Rows& rows) {
  std::uint32_t bits = 0;
  for (const nsameta_plan& plan : plans_of(out))
    every_rule::visit(plan.kind, [&]<class Rule>() {
      const Rule rule = Rule::of(plan, problem);
      bits |= write_plan(plan_work<Rule, Rows>{rule, problem, plan.buffers, lengths, rows, out.length_offset});
    });
  if (bits != 0 && present(out.status)) *static_cast<std::uint32_t*>(out.status.data) |= bits;
}

}  // namespace nsameta::cpu
