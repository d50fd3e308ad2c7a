#include "reference/definitions.h"
#include "reference/fill.h"

namespace nsameta::reference {

std::optional<std::int64_t> slot_in_blocks(const nsameta_problem& problem, const request& r, std::int64_t position) {
  const nsameta_kv_shard& shard = problem.kv_shard;
  const std::int64_t positions = std::int64_t{problem.block_size} * shard.size;  // of a block, on all ranks
  const std::int64_t column = position / positions, place = position % positions;
  if (column >= problem.block_table.width || place / shard.interleave % shard.size != shard.rank) return std::nullopt;
  const std::int64_t turns = place / (std::int64_t{shard.interleave} * shard.size);
  const std::int64_t block = problem.block_table.data[r.index * problem.block_table.row_stride + column];
  return block * problem.block_size + turns * shard.interleave + place % shard.interleave;
}

std::optional<std::int64_t> slot_in_tokens(const nsameta_problem& problem, const request& r, std::int64_t position) {
  const nsameta_token_table& tokens = problem.req_to_token;
  const std::int64_t slot = read(problem.req_pool_indices, r.index);
  if (position >= tokens.width || slot < 0 || slot >= tokens.slots) return std::nullopt;
  return tokens.data[slot * tokens.row_stride + position];
}

std::optional<std::int64_t> slot_of_row(const nsameta_problem& problem, std::int64_t row) {
  if (row >= problem.row_values) return std::nullopt;
  const std::int64_t slot = read(problem.out_cache_loc, row);
  return slot < 0 ? std::nullopt : std::optional(slot);
}

std::optional<std::int64_t> slot_in_tail_block(const nsameta_problem& problem, const request& r,
                                               std::int64_t position) {
  if (problem.block_table.width == 0) return std::nullopt;
  const std::int64_t block = problem.block_table.data[r.index * problem.block_table.row_stride];
  return block * problem.index_kpool + position % problem.index_kpool;
}

void check_slots(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                 std::int32_t& status) {
  const bool by_blocks = outputs.slot_mapping.data != nullptr, by_tokens = outputs.out_cache_loc.data != nullptr;
  const bool by_tail = outputs.tail_slot_mapping.data != nullptr;
  for (const run& part : requests.runs) {
    const request& r = requests.kept[part.request];
    if (!r.is_live) continue;
    // The last row has the largest position, whether a buffer has room for it or not.
    const std::int64_t last = positions_seen(problem, r, part.first + (part.rows - 1) * part.step) - 1;
    const std::int64_t column = last / (std::int64_t{problem.block_size} * problem.kv_shard.size);
    if ((by_blocks && last >= 0 && column >= problem.block_table.width) ||
        (by_tokens && last >= problem.req_to_token.width) || (by_tail && last >= 0 && problem.block_table.width == 0))
      status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
    const std::int64_t slot = by_tokens ? read(problem.req_pool_indices, r.index) : 0;
    if (by_tokens && (slot < 0 || slot >= problem.req_to_token.slots)) status |= NSAMETA_BIT_BAD_SLOT;
  }
}

}  // namespace nsameta::reference
