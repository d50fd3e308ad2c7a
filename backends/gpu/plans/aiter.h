/// aiter's works of the attention.
#pragma once

#include "common/plans/aiter.h"
#include "gpu/plans/line.h"

namespace nsameta::gpu {

/// Row `row` of the batch, which is of request `r`.
template <class Work>
NSAMETA_DEVICE aiter_rule::entry entry_of_row(const plan_block<Work, aiter_rule>& plan, std::int32_t row,
                                              const request& r) {
  const aiter_rule& rule = plan.rule;
  const std::int32_t j = row - rule.rows.quotient(row) * rule.rows.value;
  return rule.entry_of(length_of_row<std::int64_t>(plan.at.rule, r, std::int64_t{j}));
}
/// Calls `visit(row, entry)` for each of some rows.
template <class Work, class Visit>
NSAMETA_DEVICE void visit_entries(const plan_block<Work, aiter_rule>& plan, const thread_share& mine,
                                  const Visit& visit) {
  visit_share(
      plan.at, mine, [&](std::int32_t row) { return plan.rule.rows.quotient(row); },
      [&](std::int32_t row, const request& r) { visit(row, entry_of_row(plan, row, r)); });
}
template <class Work>
NSAMETA_DEVICE aiter_rule::entry load_entry(const plan_block<Work, aiter_rule>& plan, std::int32_t row) {
  return entry_of_row(plan, row, whole_request(plan.at, plan.rule.rows.quotient(row)));
}

/// Each entry's query rows.
template <thread_context T>
NSAMETA_DEVICE void write_final_map(const T& self, std::int32_t* map, std::int32_t entries) {
  for (std::int32_t i = self.thread(); i < 2 * entries; i += tuning::block_threads) map[i] = (i + 1) / 2;
}

/// aiter's fast form. `line`: memory for the entries' places, one more than there are. The low half of cuts[i] counts
/// the parts before part i that begin within an entry; the high half counts those that are their entry's first.
template <class Work>
NSAMETA_DEVICE void write_cut_together(const plan_block<Work, aiter_rule>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const aiter_rule& rule = plan.rule;
  plan_memory& shared = plan.shared;
  const std::int32_t entries = plan.at.batch.requests * rule.rows.value;
  std::int32_t* const work_indptr = plan.buffers[0];
  auto* const works = reinterpret_cast<aiter_rule::work*>(plan.buffers[1]);
  std::int32_t* const reduce_indptr = plan.buffers[2];
  const thread_share mine = share_of(self, entries);
  std::int32_t own = 0, pages = 0;
  visit_entries(plan, mine, [&](std::int32_t i, const aiter_rule::entry& e) {
    line[i] = rule.cost(e);
    own += line[i];
    pages += e.pages;
  });
  std::int32_t first_page = place_in_block(self, shared.warps, pages).before;
  const std::int32_t all = lay_line(self, line, entries, mine, own, shared);
  const std::int32_t step = all / rule.splits + (all % rule.splits != 0);
  find_starts(self, rule.splits, rule.overhead, line, entries, step, shared);

  const std::int32_t live = shared.settled;
  const thread_share parts = share_of(self, live);
  const auto is_within = [&](std::int32_t part) { return shared.starts[part] > line[shared.owners[part]]; };
  const auto cut_at = [&](std::int32_t part) {
    if (!is_within(part)) return 0;
    const bool is_first = shared.starts[part - 1] <= line[shared.owners[part]];  // part 0 is within none
    return 1 + (is_first << 16);
  };
  const auto below = [](std::int32_t cuts) { return cuts & 0xffff; };
  const auto firsts = [](std::int32_t cuts) { return cuts >> 16; };
  const auto pieces = [&](std::int32_t cuts) { return below(cuts) + firsts(cuts); };
  std::int32_t cut = 0;
  for (std::int32_t part = parts.begin; part < parts.end; ++part) cut += cut_at(part);
  const block_place<std::int32_t> cuts = place_in_block(self, shared.warps, cut);
  cut = cuts.before;
  for (std::int32_t part = parts.begin; part < parts.end; ++part) {
    shared.cuts[part] = cut;
    work_indptr[part] = shared.owners[part] + below(cut) + is_within(part);
    cut += cut_at(part);
  }
  if (self.thread() == 0) {
    shared.cuts[live] = cuts.all;
    reduce_indptr[entries] = pieces(cuts.all);
  }
  for (std::int32_t part = live + self.thread(); part <= rule.parts; part += tuning::block_threads)
    work_indptr[part] = entries + below(cuts.all);
  self.barrier();

  // Each entry's first work, then each part's that begins within one. That one reads where the entry's keys begin.
  const auto first_part = [&](std::int32_t begin) {
    return first_beyond(0, live, [&](std::int32_t i) { return shared.starts[i] >= begin; });
  };
  std::int32_t part = mine.begin < mine.end ? first_part(line[mine.begin]) : 0;
  visit_entries(plan, mine, [&](std::int32_t i, const aiter_rule::entry& e) {
    const std::int32_t begin = line[i], end = begin + rule.cost(e);
    while (part < live && shared.starts[part] < begin) ++part;
    const std::int32_t next = part + (part < live && shared.starts[part] == begin);
    const bool is_split = next < live && shared.starts[next] < end;
    const std::int32_t place = pieces(shared.cuts[part]);
    reduce_indptr[i] = place;
    works[i + below(shared.cuts[part])] =
        rule.work_of(i, is_split ? place : -1, rule.stride > 0 ? i * rule.stride : first_page, 0,
                     is_split ? (shared.starts[next] - begin) * rule.granularity.value : e.pages, e);
    first_page += e.pages;
  });
  self.barrier();
  for (std::int32_t i = parts.begin; i < parts.end; ++i) {
    if (!is_within(i)) continue;
    const std::int32_t owner = shared.owners[i], begin = line[owner], next = shared.starts[i + 1];
    const aiter_rule::entry e = load_entry(plan, owner);
    const std::int32_t first_work = owner + below(shared.cuts[first_part(begin)]);
    works[owner + 1 + below(shared.cuts[i])] =
        rule.work_of(owner, below(shared.cuts[i]) + firsts(shared.cuts[i + 1]), works[first_work].word[4],
                     (shared.starts[i] - begin) * rule.granularity.value,
                     next < line[owner + 1] ? (next - begin) * rule.granularity.value : e.pages, e);
  }
  for (std::int32_t i = self.thread(); i < pieces(cuts.all); i += tuning::block_threads) plan.buffers[4][i] = i;
  self.barrier();  // the line may lie in the map
  write_final_map(self, plan.buffers[3], entries);
}

/// aiter's intra form. `line`: memory for the entries' first works, one more than there are.
template <class Work>
NSAMETA_DEVICE void write_cut_each(const plan_block<Work, aiter_rule>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const aiter_rule& rule = plan.rule;
  const std::int32_t rows = plan.at.batch.requests * rule.rows.value, entries = rows * rule.copies;
  auto* const works = reinterpret_cast<aiter_rule::work*>(plan.buffers[1]);
  auto* const ranges = reinterpret_cast<aiter_rule::range*>(plan.buffers[3]);  // first what each entry reads
  const thread_share mine = share_of(self, rows);
  std::int32_t own = 0, pages = 0;
  visit_entries(plan, mine, [&](std::int32_t, const aiter_rule::entry& e) {
    own += rule.pieces_of(e).count * rule.copies;
    pages += e.pages;
  });
  std::int32_t first_page = place_in_block(self, plan.shared.warps, pages).before;
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, own);
  std::int32_t before = place.before;
  bool is_after_empty = 0 < mine.begin && mine.begin < mine.end && load_entry(plan, mine.begin - 1).pages == 0;
  visit_entries(plan, mine, [&](std::int32_t row, const aiter_rule::entry& e) {
    const std::int32_t count = rule.pieces_of(e).count;
    for (std::int32_t i = row * rule.copies; i < (row + 1) * rule.copies; ++i, before += count) {
      line[i] = before;
      ranges[i] = rule.read_alone(e, first_page, is_after_empty);
    }
    first_page += e.pages;
    is_after_empty = e.pages == 0;
  });
  if (self.thread() == 0) line[entries] = place.all;
  self.barrier();
  NSAMETA_UNROLL(1)
  for (std::int32_t w = self.thread(); w < place.all; w += tuning::block_threads) {
    const std::int32_t i = first_beyond(0, entries, [&](std::int32_t k) { return line[k + 1] > w; });
    const aiter_rule::pieces cut = rule.pieces_of(load_entry(plan, i / rule.copies));
    const aiter_rule::work one = rule.piece_of(i, w, w - line[i], cut, ranges[i]);
    works[w] = one;
    plan.buffers[4][w] = one.word[1];
  }
  for (std::int32_t part = self.thread(); part <= rule.parts; part += tuning::block_threads)
    plan.buffers[0][part] = rule.first_work(part, place.all);
  if (line != plan.buffers[2])
    for (std::int32_t i = self.thread(); i <= entries; i += tuning::block_threads) plan.buffers[2][i] = line[i];
  self.barrier();  // the ranges are read
  write_final_map(self, plan.buffers[3], entries);
}

template <class Work>
NSAMETA_DEVICE void write_plan(const plan_block<Work, aiter_rule>& plan) {
  const aiter_rule& rule = plan.rule;
  const std::int32_t entries = plan.at.batch.requests * rule.rows.value * rule.copies;
  const bool is_short = entries <= tuning::plan_line;
  // A longer line lies in a buffer that is written last.
  if (rule.is_fast)
    write_cut_together(plan, is_short ? plan.shared.line : plan.buffers[3]);
  else
    write_cut_each(plan, is_short ? plan.shared.line : plan.buffers[2]);
}

template <class Work>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, aiter_rule>& plan, std::int32_t index) {
  const std::int64_t last_row = plan.rule.rows.value - 1;  // which sees most
  const std::int64_t length = length_of_row<std::int64_t>(plan.at.rule, whole_request(plan.at, index), last_row);
  return bit_if(plan.rule.is_too_long(length), NSAMETA_BIT_LENGTH_OVERFLOW);
}

}  // namespace nsameta::gpu
