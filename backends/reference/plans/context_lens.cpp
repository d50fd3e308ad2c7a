/// The lengths of the indexer, column by column.
#include <algorithm>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// Positions of a request's cache on all ranks, those past context_limit too.
std::int64_t positions_of(const nsameta_problem& problem, const request& r) {
  if (!r.is_live) return r.cache_len;
  return r.kv_len + (has_drafts(problem.mode) ? r.query_len : 0);
}

}  // namespace

void write_context_lens(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                        std::int32_t& /*status*/) {
  row_writer out(plan.buffers[0]);
  for (const request& r : requests.kept)
    for (std::int64_t rows_after = plan.next_n - 1; rows_after >= 0; --rows_after) {
      std::int64_t seen = r.cache_len;
      if (plan.preset == NSAMETA_CONTEXT_LENS_OF_ROWS)
        seen = within_limit(problem, std::max<std::int64_t>(0, positions_of(problem, r) - rows_after));
      out.put({local(problem.kv_shard, seen) / problem.index_kpool});
    }
}

}  // namespace nsameta::reference
