#include "status.h"
#include "validation.h"

namespace nsameta {

nsameta_status check_supported(const nsameta_problem& problem, const nsameta_outputs& outputs) noexcept {
  constexpr nsameta_status no = NSAMETA_UNSUPPORTED;
  if (outputs.page_table_1.data != nullptr) [[unlikely]]
    return fail(no, "page_table_1 is asked for; this version computes no page tables");
  if (outputs.real_page_table.data != nullptr) [[unlikely]]
    return fail(no, "real_page_table is asked for; this version computes no page tables");
  if (problem.kv_shard.size > 1) [[unlikely]]
    return fail(no, "kv_shard.size is %d; this version computes an unsharded KV cache only", problem.kv_shard.size);
  if (problem.q_shard.size > 1) [[unlikely]]
    return fail(no, "q_shard.size is %d; this version computes unsharded queries only", problem.q_shard.size);
  if (problem.index_kpool > 1) [[unlikely]]
    return fail(no, "index_kpool is %d; this version computes index_kpool 1 only", problem.index_kpool);
  return NSAMETA_OK;
}

}  // namespace nsameta
