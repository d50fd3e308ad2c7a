/// What the plans have in common, and which writes which.
#include "reference/plans/kinds.h"

#include <algorithm>

#include "reference/definitions.h"

namespace nsameta::reference {

std::int64_t within_share(std::int64_t units, std::int64_t share, std::int32_t& status) {
  if (units > share) status |= NSAMETA_BIT_LENGTH_OVERFLOW;
  return std::min(units, share);
}

std::int64_t share_of(const batch& requests) {
  return most_plan_units / std::max<std::int64_t>(std::ssize(requests.kept), 1);
}

std::vector<std::int64_t> lengths_of_rows(const nsameta_problem& problem, const batch& requests) {
  std::vector<std::int64_t> lengths;
  for (const run& part : requests.runs)
    for (std::int64_t i = 0; i < part.rows; ++i)
      lengths.push_back(
          local(problem.kv_shard, positions_seen(problem, requests.kept[part.request], part.first + i * part.step)));
  return lengths;
}

cut_line walk(const std::vector<std::int64_t>& blocks, std::int64_t overhead, std::int64_t shares, std::int32_t parts) {
  std::int64_t cost = 0;
  for (const std::int64_t count : blocks) cost += count + overhead;
  const std::int64_t budget = rounded_up(cost, shares) + overhead;
  cut_line cut{{{0, 0, 0}}, {}};
  cursor now{0, 0, 0};
  for (std::int32_t part = 0; part < parts; ++part) {
    std::int64_t left = budget;
    while (now.request < std::ssize(blocks)) {
      const std::int64_t rest = blocks[static_cast<std::size_t>(now.request)] - now.block;
      if (rest + overhead > left) {
        if (left > overhead) {
          now.block += left - overhead;
          ++now.split;
        }
        break;
      }
      left -= rest + overhead;
      cut.pieces.push_back(now.split + 1);
      now = {now.request + 1, 0, 0};
    }
    cut.begins.push_back(now);
  }
  return cut;
}

void write_plans(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                 std::int32_t& status) {
  // In the order of nsameta_plan_kind.
  constexpr plan_writer* writers[]{write_paged_mqa,
                                   write_flashmla,
                                   write_topk,
                                   write_aiter,
                                   write_page_list,
                                   write_logits_rows,
                                   write_dcp_local,
                                   write_zigzag,
                                   write_context_lens,
                                   write_compressed_rows,
                                   write_compressed_requests,
                                   write_compressed_indices,
                                   write_compressed_blocks,
                                   write_window,
                                   write_compressed_events,
                                   write_compressed_carries,
                                   write_ragged_rows,
                                   write_ragged_blocks,
                                   write_state_decode,
                                   write_state_compress,
                                   write_state_write,
                                   write_compressed_candidates,
                                   write_local_slots};
  static_assert(std::size(writers) == plan_kinds.size());
  for (const nsameta_plan& plan : plans_of(outputs)) writers[plan.kind](problem, plan, requests, status);
}

}  // namespace nsameta::reference
