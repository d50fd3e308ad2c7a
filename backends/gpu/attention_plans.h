/// The plans, beside the vectors and the tables: a block each, of a page list several. A block reads all lengths for
/// itself.
#pragma once

#include "common/plan_rules.h"
#include "gpu/requests.h"

namespace nsameta::gpu {

/// A plan, as a block is given it.
struct plan_task {
  static constexpr std::size_t most_buffers = 5;
  static_assert(std::ranges::all_of(plan_kinds,
                                    [](const plan_kind& kind) { return kind.buffers.size() <= most_buffers; }));
  nsameta_plan_kind kind;
  std::int32_t blocks;  ///< of the grid's row
  std::int32_t* buffers[most_buffers];
  union {
    mqa_rule mqa;
    tile_rule tile;
    topk_rule topk;
    aiter_rule aiter;
    page_list_rule pages;
    logits_rule logits;
  };
};

/// The plans of all sets, one set's after another's.
struct plan_list {
  static constexpr int most = 3 * NSAMETA_SETS_PER_LAUNCH;  ///< of a launch
  std::int32_t blocks;                                      ///< of the grid's row: the most that a set's have
  std::int32_t begin[NSAMETA_SETS_PER_LAUNCH + 1];          ///< of each set's
  integer_array<std::int64_t> topk_lens, extra_topk_lens;   ///< null: constants
  integer_array<std::int64_t> num_logits;                   ///< null: 1
  plan_task tasks[most];
};

/// As the kernel for plans is launched.
struct plan_arguments {
  full_arguments<std::int64_t> rest;
  plan_list plans;
};

struct topk_counts {
  using number = std::int32_t;
  std::int32_t count[topk_rule::rungs];
};

/// Shared memory of a block.
struct plan_memory {
  union {
    std::int32_t line[tuning::plan_line + 1];         ///< where each request begins
    std::int64_t rows_before[tuning::block_threads];  ///< of a list: the rows before each thread's share
  };
  std::int32_t starts[most_parts + 1];  ///< where each part does
  std::int32_t owners[most_parts + 1];  ///< the request that it begins in
  std::int32_t cuts[most_parts + 1];    ///< parts before it that begin within a request; see write_cut_together
  std::int32_t chunks[tuning::block_threads + 1];
  /// Aligned, so that wide loads of them read nothing else that is being written.
  alignas(16) row_sums<std::int32_t> warps[tuning::block_threads / 32];
  row_sums<std::int64_t> wide_warps[tuning::block_threads / 32];
  topk_counts counts[tuning::block_threads / 32];
  std::int32_t settled;  ///< parts whose start the walk found
};

template <class Work>
struct plan_work {
  Work& at;
  const plan_list& list;
  const plan_task& task;
  plan_memory& shared;
};

/// The sum over the threads before this one, and over all. Reached by all threads of the block.
template <class N>
struct block_place {
  N before, all;
};
template <class N, thread_context T>
NSAMETA_DEVICE block_place<N> place_in_block(T& self, row_sums<N>* warps, N own) {
  row_sums<N> mine{};
  mine.rows = own;
  const auto lanes = scan_lanes(self, mine, N{T::warp_width});
  self.barrier();  // what was written before is read, and the places are free
  if (lane_of(self) == T::warp_width - 1) warps[warp_of(self)] = lanes.through;
  self.barrier();
  block_place<N> place{lanes.before.rows, 0};
  NSAMETA_UNROLL(8)
  for (int warp = 0; warp < tuning::block_threads / T::warp_width; ++warp) {
    if (warp < warp_of(self)) place.before += warps[warp].rows;
    place.all += warps[warp].rows;
  }
  return place;
}

/// Request `index` of the batch, with no shard of the queries.
template <class Work>
NSAMETA_DEVICE request whole_request(const Work& at, std::int32_t index) {
  return request_of(at, std::int64_t{index}, load_lengths(at.batch, std::int64_t{index}));
}
/// Positions of its cache on this rank.
template <class Work>
NSAMETA_DEVICE std::int64_t cached_length(const Work& at, std::int32_t index) {
  return at.rule.local(whole_request(at, index).kv_len);
}

/// The requests of this thread, one after another.
struct thread_requests {
  std::int32_t each, begin, end;
};
template <thread_context T>
NSAMETA_DEVICE thread_requests share_of(const T& self, std::int32_t count) {
  const std::int32_t each = (count + tuning::block_threads - 1) / tuning::block_threads;
  const std::int32_t begin = smaller(self.thread() * each, count);
  return {each, begin, smaller(begin + each, count)};
}

/// Calls `visit(index, request)` for each, with a few loads under way. `request_of_index(i)`: the request that i is of.
template <class Work, class Request, class Visit>
NSAMETA_DEVICE void visit_share(const Work& at, const thread_requests& mine, const Request& request_of_index,
                                const Visit& visit) {
  constexpr int loads = tuning::plan_loads;
  NSAMETA_UNROLL(1)
  for (std::int32_t first = mine.begin; first < mine.end; first += loads) {
    raw_lengths raw[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      raw[k] = load_lengths(at.batch, std::int64_t{request_of_index(smaller(first + k, mine.end - 1))});
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (first + k < mine.end) visit(first + k, request_of(at, std::int64_t{request_of_index(first + k)}, raw[k]));
  }
}
template <class Work, class Visit>
NSAMETA_DEVICE void visit_share(const Work& at, const thread_requests& mine, const Visit& visit) {
  visit_share(at, mine, [](std::int32_t index) { return index; }, visit);
}

template <class Work>
NSAMETA_DEVICE void write_paged_mqa(const plan_work<Work>& plan) {
  auto& self = plan.at.self;
  const mqa_rule& rule = plan.task.mqa;
  const std::int32_t requests = plan.at.batch.requests;
  const thread_requests mine = share_of(self, requests);
  std::int32_t own = 0;
  visit_share(plan.at, mine, [&](std::int32_t, const request& r) { own += rule.splits(plan.at.rule.local(r.kv_len)); });
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, own);
  plan.shared.chunks[self.thread()] = place.before;
  if (self.thread() == 0) plan.shared.chunks[tuning::block_threads] = place.all;
  self.barrier();
  const std::int32_t units = place.all * rule.atoms;
  auto* const out = reinterpret_cast<mqa_rule::pair*>(plan.task.buffers[0]);
  NSAMETA_UNROLL(1)
  for (std::int32_t part = self.thread(); part <= rule.parts; part += tuning::block_threads) {
    const std::int32_t unit = rule.begin(part, units);
    if (unit == units) {
      out[part] = rule.at_end(part, requests, units);
      continue;
    }
    const std::int32_t split = unit / rule.atoms;
    const std::int32_t chunk =
        first_beyond(0, tuning::block_threads, [&](std::int32_t i) { return plan.shared.chunks[i + 1] > split; });
    std::int32_t r = chunk * mine.each, before = plan.shared.chunks[chunk];
    std::int32_t splits = rule.splits(cached_length(plan.at, r));
    NSAMETA_UNROLL(1)
    while (before + splits <= split) {
      before += splits;
      splits = rule.splits(cached_length(plan.at, ++r));
    }
    out[part] = rule.within(r, unit - before * rule.atoms, splits);
  }
}

/// Keys that a request's attention reads.
template <class Work>
NSAMETA_DEVICE std::int64_t keys_read(const Work& at, const plan_list& list, const tile_rule& rule,
                                      std::int32_t index) {
  if (rule.topk == 0) return cached_length(at, index);
  const auto read = [&](const integer_array<std::int64_t>& lengths, std::int64_t constant) {
    return lengths.data == nullptr ? constant : whole_value(lengths, load_raw(lengths, std::int64_t{index}));
  };
  return rule.sparse_length(read(list.topk_lens, rule.topk), read(list.extra_topk_lens, rule.extra_topk));
}

/// Makes places of a line's costs, `own` those of this thread together; returns what all cost.
template <thread_context T>
NSAMETA_DEVICE std::int32_t lay_line(T& self, std::int32_t* line, std::int32_t requests, const thread_requests& mine,
                                     std::int32_t own, plan_memory& shared) {
  const block_place<std::int32_t> place = place_in_block(self, shared.warps, own);
  std::int32_t before = place.before;
  NSAMETA_UNROLL(1)
  for (std::int32_t r = mine.begin; r < mine.end; ++r) {
    const std::int32_t cost = line[r];
    line[r] = before;
    before += cost;
  }
  if (self.thread() == 0) line[requests] = place.all;
  self.barrier();
  return place.all;
}

/// Where each of `parts` begins on the line of `requests`, and in which of them, up to the end of the last one with
/// work. A warp tries as many parts at once as it has lanes: up to the first one that ends at a boundary they are
/// `step` apart.
template <thread_context T>
NSAMETA_DEVICE void find_starts(T& self, std::int32_t parts, std::int32_t overhead, const std::int32_t* line,
                                std::int32_t requests, std::int32_t step, plan_memory& shared) {
  if (warp_of(self) == 0) {
    const std::int32_t all = line[requests];
    const int lane = lane_of(self);
    std::int32_t settled = 0, x = 0, low = 1;  // the first boundary beyond x is not before number `low`
    if (lane == 0) shared.starts[0] = shared.owners[0] = 0;
    NSAMETA_UNROLL(1)
    while (x < all) {
      const bool exists = lane < parts - settled;
      const std::int32_t y = x + (exists ? lane + 1 : 0) * step;
      const std::int32_t k = first_beyond(low, requests + 1, [&](std::int32_t i) { return line[i] > y; });
      const bool snaps = exists && (k > requests || line[k] <= y + overhead);
      const std::int32_t next = !snaps ? y : k > requests ? all : line[k];
      const std::uint64_t earlier_snaps = self.ballot(snaps) & ((std::uint64_t{1} << lane) - 1);
      const bool is_settled = exists && earlier_snaps == 0;
      if (is_settled) {
        shared.starts[settled + lane + 1] = next;
        shared.owners[settled + lane + 1] = snaps ? smaller(k, requests) : k - 1;
      }
      const auto count = static_cast<int>(self.sum(is_settled));
      settled += count;
      x = self.shuffle(next, count - 1);
      low = self.shuffle(smaller(k, requests), count - 1);
    }
    if (lane == 0) shared.settled = settled;
  }
  self.barrier();
}

/// `line`: memory for the requests' places, one more than there are.
template <class Work>
NSAMETA_DEVICE void write_tiles(const plan_work<Work>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const tile_rule& rule = plan.task.tile;
  plan_memory& shared = plan.shared;
  const std::int32_t requests = plan.at.batch.requests;
  std::int32_t* const num_splits = plan.task.buffers[1];
  const thread_requests mine = share_of(self, requests);
  std::int32_t own = 0;
  const auto add = [&](std::int32_t r, std::int32_t cost) {
    line[r] = cost;
    own += cost;
  };
  if (rule.topk == 0)
    visit_share(plan.at, mine,
                [&](std::int32_t index, const request& r) { add(index, rule.cost(plan.at.rule.local(r.kv_len))); });
  else
    for (std::int32_t r = mine.begin; r < mine.end; ++r) add(r, rule.cost(keys_read(plan.at, plan.list, rule, r)));
  const std::int32_t all = lay_line(self, line, requests, mine, own, shared);
  const std::int32_t step = all / rule.parts + (all % rule.parts != 0);
  find_starts(self, rule.parts, rule.overhead, line, requests, step, shared);

  const std::int32_t live = requests > 0 ? shared.settled : 0;
  const thread_requests parts = share_of(self, live);
  std::int32_t inner = 0;
  for (std::int32_t part = parts.begin; part < parts.end; ++part)
    inner += shared.starts[part] > line[shared.owners[part]];
  const block_place<std::int32_t> cut = place_in_block(self, shared.warps, inner);
  std::int32_t cuts = cut.before;
  auto* const rows = reinterpret_cast<tile_rule::row*>(plan.task.buffers[0]);
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
    rows[part] = rule.row_of(p, step, is_whole ? rule.blocks(keys_read(plan.at, plan.list, rule, p.last)) : 0);
    shared.cuts[part] = cuts;
    cuts += p.begin > p.request_begin;
  }
  if (self.thread() == 0) shared.cuts[live] = cut.all;
  if (live + self.thread() < rule.parts) {
    const tile_rule::row idle =
        rule.idle(requests, requests > 0 ? line[1] : 0,
                  requests > 0 ? rule.blocks(keys_read(plan.at, plan.list, rule, requests - 1)) : 0);
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
NSAMETA_DEVICE void write_topk(const plan_work<Work>& plan) {
  auto& self = plan.at.self;
  const topk_rule& rule = plan.task.topk;
  const std::int32_t requests = plan.at.batch.requests;
  const thread_requests mine = share_of(self, requests);
  const auto lengths_of = [&](const request& r) {
    return [&](std::int32_t j) { return length_of_row<std::int64_t>(plan.at.rule, r, j); };
  };
  topk_counts own{};
  visit_share(plan.at, mine, [&](std::int32_t, const request& r) { rule.add_longer(own.count, lengths_of(r)); });
  const topk_counts all = block_sum(self, plan.shared.counts, own);
  const int chosen = rule.choose(all.count);
  const std::int32_t threshold = rule.longer_than[chosen];
  std::int32_t longer = 0;
  NSAMETA_UNROLL(6)
  for (int i = 0; i < topk_rule::rungs; ++i)
    if (i == chosen) longer = own.count[i];
  const block_place<std::int32_t> place = place_in_block(self, plan.shared.warps, longer);
  auto* const out = reinterpret_cast<mqa_rule::pair*>(plan.task.buffers[0]);
  std::int32_t listed = place.before;
  if (longer > 0)
    visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
      const auto length = lengths_of(r);
      for (std::int32_t j = rule.first_longer(threshold, length); j < rule.rows_each; ++j)
        out[++listed] = {index * rule.rows_each + j, static_cast<std::int32_t>(length(j))};
    });
  if (self.thread() == 0) out[0] = {threshold, place.all};
}

/// Row `row` of the batch, which is of request `r`.
template <class Work>
NSAMETA_DEVICE aiter_rule::entry entry_of_row(const plan_work<Work>& plan, std::int32_t row, const request& r) {
  const aiter_rule& rule = plan.task.aiter;
  const std::int32_t j = row - rule.rows.quotient(row) * rule.rows.value;
  return rule.entry_of(length_of_row<std::int64_t>(plan.at.rule, r, std::int64_t{j}));
}
/// Calls `visit(row, entry)` for each of some rows.
template <class Work, class Visit>
NSAMETA_DEVICE void visit_entries(const plan_work<Work>& plan, const thread_requests& mine, const Visit& visit) {
  visit_share(
      plan.at, mine, [&](std::int32_t row) { return plan.task.aiter.rows.quotient(row); },
      [&](std::int32_t row, const request& r) { visit(row, entry_of_row(plan, row, r)); });
}
template <class Work>
NSAMETA_DEVICE aiter_rule::entry load_entry(const plan_work<Work>& plan, std::int32_t row) {
  return entry_of_row(plan, row, whole_request(plan.at, plan.task.aiter.rows.quotient(row)));
}

/// Each entry's query rows.
template <thread_context T>
NSAMETA_DEVICE void write_final_map(const T& self, std::int32_t* map, std::int32_t entries) {
  for (std::int32_t i = self.thread(); i < 2 * entries; i += tuning::block_threads) map[i] = (i + 1) / 2;
}

/// aiter's fast form. `line`: memory for the entries' places, one more than there are. The low half of cuts[i] counts
/// the parts before part i that begin within an entry; the high half counts those that are their entry's first.
template <class Work>
NSAMETA_DEVICE void write_cut_together(const plan_work<Work>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const aiter_rule& rule = plan.task.aiter;
  plan_memory& shared = plan.shared;
  const std::int32_t entries = plan.at.batch.requests * rule.rows.value;
  std::int32_t* const work_indptr = plan.task.buffers[0];
  auto* const works = reinterpret_cast<aiter_rule::work*>(plan.task.buffers[1]);
  std::int32_t* const reduce_indptr = plan.task.buffers[2];
  const thread_requests mine = share_of(self, entries);
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
  const thread_requests parts = share_of(self, live);
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
  for (std::int32_t i = self.thread(); i < pieces(cuts.all); i += tuning::block_threads) plan.task.buffers[4][i] = i;
  self.barrier();  // the line may lie in the map
  write_final_map(self, plan.task.buffers[3], entries);
}

/// aiter's intra form. `line`: memory for the entries' first works, one more than there are.
template <class Work>
NSAMETA_DEVICE void write_cut_each(const plan_work<Work>& plan, std::int32_t* line) {
  auto& self = plan.at.self;
  const aiter_rule& rule = plan.task.aiter;
  const std::int32_t rows = plan.at.batch.requests * rule.rows.value, entries = rows * rule.copies;
  auto* const works = reinterpret_cast<aiter_rule::work*>(plan.task.buffers[1]);
  auto* const ranges = reinterpret_cast<aiter_rule::range*>(plan.task.buffers[3]);  // first what each entry reads
  const thread_requests mine = share_of(self, rows);
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
    plan.task.buffers[4][w] = one.word[1];
  }
  for (std::int32_t part = self.thread(); part <= rule.parts; part += tuning::block_threads)
    plan.task.buffers[0][part] = rule.first_work(part, place.all);
  if (line != plan.task.buffers[2])
    for (std::int32_t i = self.thread(); i <= entries; i += tuning::block_threads) plan.task.buffers[2][i] = line[i];
  self.barrier();  // the ranges are read
  write_final_map(self, plan.task.buffers[3], entries);
}

template <class Work>
NSAMETA_DEVICE void write_aiter(const plan_work<Work>& plan) {
  const aiter_rule& rule = plan.task.aiter;
  const std::int32_t entries = plan.at.batch.requests * rule.rows.value * rule.copies;
  const bool is_short = entries <= tuning::plan_line;
  // A longer line lies in a buffer that is written last.
  if (rule.is_fast)
    write_cut_together(plan, is_short ? plan.shared.line : plan.task.buffers[3]);
  else
    write_cut_each(plan, is_short ? plan.shared.line : plan.task.buffers[2]);
}

/// What lists have of some requests, and the rows of these.
struct list_sums {
  std::int32_t listed;
  std::int64_t rows;
};

/// The parts of a page list, request by request.
template <class Work>
struct page_list {
  const Work& at;
  const plan_task& task;

  NSAMETA_DEVICE const key_slots& keys() const { return at.rule.fixed.keys; }
  NSAMETA_DEVICE const list_room& held() const { return task.pages.held; }
  NSAMETA_DEVICE listed_part part(std::int32_t index, const request& r) const {
    return task.pages.part(keys(), r, index, at.rule.local(r.kv_len));
  }
  NSAMETA_DEVICE void finish(std::int32_t index, const request& r, const listed_part& part) const {
    if (task.buffers[2] != nullptr) task.buffers[2][index] = task.pages.last_page(part, at.rule.local(r.kv_len));
  }
  NSAMETA_DEVICE void write(std::int32_t element, std::int32_t index, std::int32_t page, std::int64_t) const {
    task.buffers[1][element] = task.pages.element(task.pages.row(keys(), index), page);
  }
};

/// The parts of the lists of rows whose logits are wanted.
template <class Work>
struct logits_list {
  const Work& at;
  const plan_list& list;
  const plan_task& task;

  NSAMETA_DEVICE const list_room& held() const { return task.logits.held; }
  NSAMETA_DEVICE listed_part part(std::int32_t index, const request& r) const {
    const integer_array<std::int64_t>& wanted = list.num_logits;
    return task.logits.part(r, wanted.data == nullptr ? 1 : whole_value(wanted, load_raw(wanted, std::int64_t{index})));
  }
  NSAMETA_DEVICE void finish(std::int32_t, const request&, const listed_part&) const {}
  NSAMETA_DEVICE void write(std::int32_t element, std::int32_t index, std::int32_t i, std::int64_t first_row) const {
    if (element < held().capacity[0]) reinterpret_cast<std::int64_t*>(task.buffers[1])[element] = first_row + i;
    if (element < held().capacity[1]) task.buffers[2][element] = index;
    if (element < held().capacity[2]) task.buffers[3][element] = i;
  }
};

/// Block `block` of those of a list. Each finds the request of its elements by itself: among the sums of the threads'
/// shares, then request by request.
template <class Work, class List>
NSAMETA_DEVICE void write_list(const plan_work<Work>& plan, const List& list, int block) {
  auto& self = plan.at.self;
  plan_memory& shared = plan.shared;
  const thread_requests mine = share_of(self, plan.at.batch.requests);
  list_sums own{};
  visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
    own.listed += list.part(index, r).count;
    own.rows += r.rows;
  });
  const block_place<std::int32_t> listed = place_in_block(self, shared.warps, own.listed);
  const block_place<std::int64_t> rows = place_in_block(self, shared.wide_warps, own.rows);
  shared.chunks[self.thread()] = listed.before;
  shared.rows_before[self.thread()] = rows.before;
  if (self.thread() == 0) shared.chunks[tuning::block_threads] = listed.all;
  self.barrier();
  if (block == 0) {
    std::int32_t before = listed.before;
    if (self.thread() == 0) plan.task.buffers[0][0] = 0;
    visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
      const listed_part part = list.part(index, r);
      plan.task.buffers[0][index + 1] = before += part.count;
      list.finish(index, r, part);
    });
  }

  constexpr int run = tuning::list_run;
  const std::int32_t live = smaller(listed.all, list.held().most());
  NSAMETA_UNROLL(1)
  for (std::int64_t first = (std::int64_t{block} * tuning::block_threads + self.thread()) * run; first < live;
       first += std::int64_t{plan.task.blocks} * tuning::block_threads * run) {
    const auto begin = static_cast<std::int32_t>(first), end = smaller(begin + run, live);
    const std::int32_t chunk =
        first_beyond(0, tuning::block_threads, [&](std::int32_t i) { return shared.chunks[i + 1] > begin; });
    list_sums before{shared.chunks[chunk], shared.rows_before[chunk]};
    std::int32_t r = chunk * mine.each, count = 0;
    std::int64_t request_rows = 0;
    const auto look = [&] {
      const request of = whole_request(plan.at, r);
      count = list.part(r, of).count;
      request_rows = of.rows;
    };
    look();
    NSAMETA_UNROLL(1)
    for (std::int32_t element = begin; element < end; ++element) {
      NSAMETA_UNROLL(1)
      while (before.listed + count <= element) {
        before = {before.listed + count, before.rows + request_rows};
        ++r;
        look();
      }
      list.write(element, r, element - before.listed, before.rows + request_rows - count);
    }
  }
}

/// Block `block` of those of a plan.
template <class Work>
NSAMETA_DEVICE void write_plan(Work& at, const plan_list& list, const plan_task& task, int block, plan_memory& shared) {
  const plan_work<Work> plan{at, list, task, shared};
  if (plan.task.kind == NSAMETA_PLAN_PAGED_MQA) write_paged_mqa(plan);
  if (plan.task.kind == NSAMETA_PLAN_FLASHMLA) {
    // In two copies, so that shared memory is known to be that. A longer line lies where the splits are written last.
    if (at.batch.requests <= tuning::plan_line)
      write_tiles(plan, shared.line);
    else
      write_tiles(plan, plan.task.buffers[1]);
  }
  if (plan.task.kind == NSAMETA_PLAN_TOPK) write_topk(plan);
  if (plan.task.kind == NSAMETA_PLAN_AITER) write_aiter(plan);
  if (plan.task.kind == NSAMETA_PLAN_PAGE_LIST) write_list(plan, page_list<Work>{at, task}, block);
  if (plan.task.kind == NSAMETA_PLAN_LOGITS_ROWS) write_list(plan, logits_list<Work>{at, list, task}, block);
}

/// The bits that the plans of a set raise.
template <class Work>
struct plan_bits {
  const Work& at;
  const plan_list& list;
  int set;

  template <class Visit>
  NSAMETA_DEVICE void visit_tasks(const Visit& visit) const {
    NSAMETA_UNROLL(1)
    for (int place = list.begin[set]; place < list.begin[set + 1]; ++place) visit(list.tasks[place]);
  }
  NSAMETA_DEVICE listed_part part(const plan_task& task, std::int32_t index) const {
    const request r = whole_request(at, index);
    return task.kind == NSAMETA_PLAN_PAGE_LIST ? page_list<Work>{at, task}.part(index, r)
                                               : logits_list<Work>{at, list, task}.part(index, r);
  }
  /// Of a request.
  NSAMETA_DEVICE std::uint32_t operator()(std::int64_t request) const {
    const auto index = static_cast<std::int32_t>(request);
    std::uint32_t bits = 0;
    visit_tasks([&](const plan_task& task) {
      if (task.kind == NSAMETA_PLAN_PAGED_MQA && task.mqa.is_too_long(cached_length(at, index)))
        bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
      if (task.kind == NSAMETA_PLAN_FLASHMLA && task.tile.is_too_long(keys_read(at, list, task.tile, index)))
        bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
      if (task.kind == NSAMETA_PLAN_AITER &&  // the last row sees most
          task.aiter.is_too_long(
              length_of_row<std::int64_t>(at.rule, whole_request(at, index), std::int64_t{task.aiter.rows.value - 1})))
        bits |= NSAMETA_BIT_LENGTH_OVERFLOW;
      if (task.kind >= NSAMETA_PLAN_PAGE_LIST) bits |= part(task, index).bits;
    });
    return bits;
  }
  /// Whether a list is longer than its buffers. Reached by all threads of the block. `sums`: a place for each warp.
  template <class Place>
  NSAMETA_DEVICE bool is_short(Place* sums) const {
    bool found = false;
    visit_tasks([&](const plan_task& task) {
      if (task.kind < NSAMETA_PLAN_PAGE_LIST) return;
      row_sums<std::int64_t> own{};
      visit_requests<1>(at, std::int64_t{at.batch.requests},
                        [&](std::int64_t index, const raw_lengths&, const request&) {
                          own.rows += part(task, static_cast<std::int32_t>(index)).count;
                        });
      at.self.barrier();  // the places are free
      const std::int64_t listed = block_sum(at.self, sums, own).rows;
      found |= (task.kind == NSAMETA_PLAN_PAGE_LIST ? task.pages.held : task.logits.held).is_short(listed);
    });
    return found;
  }
};

}  // namespace nsameta::gpu
