/// FlashMLA's tiles of the attention.
#pragma once

#include "common/plans/flashmla.h"
#include "gpu/plans/line.h"

namespace nsameta::gpu {

/// Keys that a request's attention reads.
template <class Work>
NSAMETA_DEVICE std::int64_t keys_read(const plan_block<Work, tile_rule>& plan, std::int32_t index) {
  const tile_rule& rule = plan.rule;
  if (rule.topk == 0) return cached_length(plan.at, index);
  const auto read = [&](const integer_array<std::int64_t>& lengths, std::int64_t constant) {
    return lengths.data == nullptr ? constant : whole_value(lengths, load_raw(lengths, std::int64_t{index}));
  };
  return rule.sparse_length(read(plan.inputs.topk_lens, rule.topk), read(plan.inputs.extra_topk_lens, rule.extra_topk));
}

/// `line`: memory for the requests' places, one more than there are.
template <class Work>
NSAMETA_DEVICE void write_tiles(const plan_block<Work, tile_rule>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const tile_rule& rule = plan.rule;
  plan_memory& shared = plan.shared;
  const std::int32_t requests = plan.at.batch.requests;
  std::int32_t* const num_splits = plan.buffers[1];
  const thread_share mine = share_of(self, requests);
  std::int32_t own = 0;
  const auto add = [&](std::int32_t r, std::int32_t cost) {
    line[r] = cost;
    own += cost;
  };
  if (rule.topk == 0)
    visit_share(plan.at, mine,
                [&](std::int32_t index, const request& r) { add(index, rule.cost(plan.at.rule.local(r.kv_len))); });
  else
    for (std::int32_t r = mine.begin; r < mine.end; ++r) add(r, rule.cost(keys_read(plan, r)));
  const std::int32_t all = lay_line(self, line, requests, mine, own, shared);
  const std::int32_t step = all / rule.parts + (all % rule.parts != 0);
  find_starts(self, rule.parts, rule.overhead, line, requests, step, shared);

  const std::int32_t live = requests > 0 ? shared.settled : 0;
  const thread_share parts = share_of(self, live);
  std::int32_t inner = 0;
  for (std::int32_t part = parts.begin; part < parts.end; ++part)
    inner += shared.starts[part] > line[shared.owners[part]];
  const block_place<std::int32_t> cut = place_in_block(self, shared.warps, inner);
  std::int32_t cuts = cut.before;
  auto* const rows = reinterpret_cast<tile_rule::row*>(plan.buffers[0]);
  for (std::int32_t part = parts.begin; part < parts.end; ++part) {
    line_part p{};
    p.begin = shared.starts[part];
    p.end = shared.starts[part + 1];
    p.request = shared.owners[part];
    const std::int32_t next = shared.owners[part + 1];
    p.last = next < requests && p.end > line[next] ? next : next - 1;
    p.request_begin = line[p.request];
    p.request_end = line[p.request + 1];
    p.last_begin = line[p.last];
    p.last_end = line[p.last + 1];
    const bool is_whole = p.end == p.last_end;
    rows[part] = rule.row_of(p, step, is_whole ? rule.blocks(keys_read(plan, p.last)) : 0);
    shared.cuts[part] = cuts;
    cuts += p.begin > p.request_begin;
  }
  if (self.thread() == 0) shared.cuts[live] = cut.all;
  if (live + self.thread() < rule.parts) {
    const tile_rule::row idle =
        rule.idle(requests, requests > 0 ? line[1] : 0, requests > 0 ? rule.blocks(keys_read(plan, requests - 1)) : 0);
    for (std::int32_t part = live + self.thread(); part < rule.parts; part += tuning::block_threads) rows[part] = idle;
  }
  self.barrier();
  if (self.thread() == 0) num_splits[requests] = requests + cut.all;
  if (mine.begin == mine.end) return;
  const std::int32_t first = line[mine.begin];
  std::int32_t part = first_beyond(0, live, [&](std::int32_t i) { return shared.starts[i] >= first; });
  for (std::int32_t r = mine.begin; r < mine.end; ++r) {
    for (const std::int32_t begin = line[r]; part < live && shared.starts[part] < begin;) ++part;
    num_splits[r] = r + shared.cuts[part];
  }
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, tile_rule>& plan) {
  // In two copies, so that shared memory is known to be that. A longer line lies where the splits are written last.
  if (plan.at.batch.requests <= tuning::plan_line)
    write_tiles(plan, plan.shared.line);
  else
    write_tiles(plan, plan.buffers[1]);
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, tile_rule>& plan, std::int32_t index) {
  return bit_if(plan.rule.is_too_long(keys_read(plan, index)), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
