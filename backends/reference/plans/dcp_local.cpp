/// A kv_shard: the cache lengths of all ranks, rank by rank, and where this one writes its keys.
#include "reference/definitions.h"
#include "reference/fill.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// The KV slot of a position; none, and a bit, where req_to_token does not say.
std::optional<std::int64_t> slot_told(const nsameta_problem& problem, const request& r, std::int64_t position,
                                      std::int32_t& status) {
  const std::int64_t row = read(problem.req_pool_indices, r.index);
  if (row < 0 || row >= problem.req_to_token.slots)
    status |= NSAMETA_BIT_BAD_SLOT;
  else if (position >= problem.req_to_token.width)
    status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  return slot_in_tokens(problem, r, position);
}

}  // namespace

void write_dcp_local(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& /*status*/) {
  row_writer out(plan.buffers[0]);
  nsameta_kv_shard shard = problem.kv_shard;
  for (const request& r : requests.kept)
    for (shard.rank = 0; shard.rank < shard.size; ++shard.rank) out.put({local(shard, r.cache_len)});
}

void write_local_slots(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                       std::int32_t& status) {
  const nsameta_vector& buffer = plan.buffers[0];
  const std::int64_t ranks = problem.kv_shard.size;
  std::int64_t row = 0;
  for (const request& r : requests.kept) {
    const std::int64_t rows = within_share(r.rows, share_of(requests), status);
    for (std::int64_t j = 0; j < rows; ++j, ++row) {
      std::optional<std::int64_t> slot;
      if (writes_key(problem, r, j))
        slot = problem.out_cache_loc.data != nullptr ? slot_of_row(problem, row)
                                                     : slot_told(problem, r, positions_seen(problem, r, j) - 1, status);
      if (row < buffer.capacity)
        static_cast<std::int64_t*>(buffer.data)[row] =
            slot && *slot >= 0 && *slot % ranks == problem.kv_shard.rank ? *slot / ranks : 0;
    }
  }
  if (row > buffer.capacity) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
  const std::int64_t padded = row + padding_rows(problem, requests, row);
  for (; row < std::min(padded, buffer.capacity); ++row) static_cast<std::int64_t*>(buffer.data)[row] = 0;
}

}  // namespace nsameta::reference
