/// The cache lengths of all ranks of a kv_shard, rank by rank.
#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {

void write_dcp_local(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& /*status*/) {
  row_writer out(plan.buffers[0]);
  nsameta_kv_shard shard = problem.kv_shard;
  for (const request& r : requests.kept)
    for (shard.rank = 0; shard.rank < shard.size; ++shard.rank) out.put({local(shard, r.cache_len)});
}

}  // namespace nsameta::reference
