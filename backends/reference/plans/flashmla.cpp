/// FlashMLA's tiles, part by part.
#include <algorithm>
#include <array>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

/// Keys that a request's attention reads.
std::int64_t keys_read(const nsameta_problem& problem, const nsameta_plan& plan, const request& r) {
  if (plan.topk == 0) return local(problem.kv_shard, r.cache_len);
  const auto asked = [&](const nsameta_strided& lengths, std::int64_t constant) {
    return lengths.data != nullptr ? read(lengths, r.index) : constant;
  };
  const std::int64_t keys = std::max<std::int64_t>(1, asked(problem.topk_lens, plan.topk));
  if (plan.extra_topk == 0) return keys;
  const std::int64_t extra = std::max<std::int64_t>(0, asked(problem.extra_topk_lens, plan.extra_topk));
  // The ends of int64 are beyond every share.
  constexpr std::int64_t far = std::int64_t{1} << 40;
  return rounded_up(std::min(keys, far), plan.block) * plan.block + std::min(extra, far);
}

struct tiled_request {
  std::int64_t blocks;   ///< that count, 1 at least
  std::int64_t to_read;  ///< 0 where there is no key
};

void put_part(row_writer& out, std::int32_t preset, const std::array<std::int64_t, 7>& row) {
  const auto& [begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split] = row;
  if (preset == NSAMETA_FLASHMLA_2026)
    out.put({begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split, 0});
  else
    out.put({begin_req, begin_block, end_req, end_block, begin_split, 0, 0, 0});
}

}  // namespace

void write_flashmla(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                    std::int32_t& status) {
  const std::int64_t bs = std::ssize(requests.kept), share = most_plan_units / std::max<std::int64_t>(bs, 1);
  std::vector<tiled_request> tiled;
  std::vector<std::int64_t> costly;  // blocks
  for (const request& r : requests.kept) {
    const std::int64_t keys = keys_read(problem, plan, r);
    const std::int64_t whole = keys / plan.block + (keys % plan.block != 0 ? 1 : 0);
    const std::int64_t blocks = within_share(whole, share, status);
    tiled.push_back({std::max<std::int64_t>(blocks, 1), blocks});
    costly.push_back(tiled.back().blocks);
  }
  const auto of = [&](std::int64_t r) -> const tiled_request& { return tiled[static_cast<std::size_t>(r)]; };

  const auto [begins, pieces] = walk(costly, plan.overhead, plan.parts, plan.parts);

  row_writer rows(plan.buffers[0]), splits(plan.buffers[1]);
  const auto is_split = [&pieces = pieces](std::int64_t r) {
    return std::int64_t{pieces[static_cast<std::size_t>(r)] > 1};
  };
  for (std::size_t part = 0; part + 1 < begins.size(); ++part) {
    const cursor begin = begins[part], end = begins[part + 1];
    if (bs == 0) {
      put_part(rows, plan.preset, {0, -1, 0, 0, 0, 0, 0});
    } else if (begin.request == bs) {
      put_part(rows, plan.preset, {bs, bs - 1, of(0).blocks - 1, of(bs - 1).to_read, 0, 0, 0});
    } else {
      const std::int64_t last = end.block > 0 ? end.request : end.request - 1;
      put_part(rows, plan.preset,
               {begin.request, last, begin.block, end.block > 0 ? end.block : of(last).to_read, begin.split,
                is_split(begin.request), is_split(last)});
    }
  }
  std::int64_t before = 0;
  splits.put({before});
  for (const std::int64_t count : pieces) splits.put({before += count});
}

}  // namespace nsameta::reference
