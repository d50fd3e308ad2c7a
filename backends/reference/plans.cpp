/// The plans, walked part by part and row by row as the attention libraries walk them on one thread.
#include <algorithm>
#include <array>
#include <vector>

#include "plans.h"
#include "reference/definitions.h"
#include "reference/fill.h"

namespace nsameta::reference {
namespace {

/// Where a plan's rows go, one after another.
class row_writer {
 public:
  explicit row_writer(const nsameta_vector& out) : to_(static_cast<std::int32_t*>(out.data)) {}
  template <std::size_t columns>
  void put(const std::int64_t (&row)[columns]) {
    for (const std::int64_t word : row) *to_++ = static_cast<std::int32_t>(word);
  }

 private:
  std::int32_t* to_;
};

std::int64_t rounded_up(std::int64_t count, std::int64_t by) { return (count + by - 1) / by; }

/// As many units as a request may count, so that those of the whole batch fit int32.
std::int64_t within_share(std::int64_t units, std::int64_t share, std::int32_t& status) {
  if (units > share) status |= NSAMETA_BIT_LENGTH_OVERFLOW;
  return std::min(units, share);
}

// ------------------------------------------------------------------------------------------ paged_mqa_schedule

void write_paged_mqa(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& status) {
  const mqa_preset& preset = mqa_presets[static_cast<std::size_t>(plan.preset)];
  const std::int64_t bs = std::ssize(requests.kept), atoms = preset.atoms_of(plan.next_n), parts = plan.parts;
  const std::int64_t share = most_plan_units / atoms / std::max<std::int64_t>(bs, 1);
  std::vector<std::int64_t> splits;
  std::int64_t units = 0;
  for (const request& r : requests.kept) {
    const std::int64_t keys = local(problem.kv_shard, r.cache_len) / problem.index_kpool;
    splits.push_back(within_share(rounded_up(keys, preset.split), share, status));
    units += splits.back() * atoms;
  }

  row_writer out(plan.buffers[0]);
  const std::int64_t end = bs * (preset.counts_rows ? plan.next_n : atoms);
  std::int64_t r = 0, unit = 0;  // the next SM's first unit, of request r
  for (std::int64_t part = 0; part <= parts; ++part) {
    while (r < bs && unit == splits[static_cast<std::size_t>(r)] * atoms) {
      ++r;
      unit = 0;
    }
    if (units == 0 && preset.stays_at_end && part < parts)
      out.put({std::max<std::int64_t>(bs - 1, 0) * atoms, 0});
    else if (r == bs)
      out.put({end, 0});
    else if (preset.counts_rows)
      out.put({r * plan.next_n, unit / plan.next_n});
    else
      out.put({r * atoms + unit / splits[static_cast<std::size_t>(r)], unit % splits[static_cast<std::size_t>(r)]});
    const std::int64_t extra = units % parts;
    std::int64_t run = units / parts + ((preset.extra_first ? part < extra : part >= parts - extra) ? 1 : 0);
    while (part < parts && run > 0) {
      const std::int64_t taken = std::min(run, splits[static_cast<std::size_t>(r)] * atoms - unit);
      unit += taken;
      run -= taken;
      if (run == 0) break;
      ++r;
      unit = 0;
    }
  }
}

// ---------------------------------------------------------------------------------------------------- flashmla

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

/// Where a part begins or ends.
struct cursor {
  std::int64_t request, block, split;
};

/// How requests are cut, of so many blocks each.
struct cut_line {
  std::vector<cursor> begins;        ///< of each part, and the last one's end
  std::vector<std::int64_t> pieces;  ///< of each request
};

/// The walk that FlashMLA and aiter's fast form have in common. A part has a budget of its share and of one overhead.
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

void put_part(row_writer& out, std::int32_t preset, const std::array<std::int64_t, 7>& row) {
  const auto& [begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split] = row;
  if (preset == NSAMETA_FLASHMLA_2026)
    out.put({begin_req, end_req, begin_block, end_block, begin_split, first_is_split, last_is_split, 0});
  else
    out.put({begin_req, begin_block, end_req, end_block, begin_split, 0, 0, 0});
}

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

// ------------------------------------------------------------------------------------------------- rows' lengths

/// What each row of the batch sees on this rank.
std::vector<std::int64_t> lengths_of_rows(const nsameta_problem& problem, const batch& requests) {
  std::vector<std::int64_t> lengths;
  for (const run& part : requests.runs)
    for (std::int64_t i = 0; i < part.rows; ++i)
      lengths.push_back(
          local(problem.kv_shard, positions_seen(problem, requests.kept[part.request], part.first + i * part.step)));
  return lengths;
}

// ------------------------------------------------------------------------------------------------------- aiter

/// What a work reads of: a query row, or one of its copies.
struct entry {
  std::int64_t begin, pages;
  std::int64_t keys;     ///< of its pages
  std::int64_t counted;  ///< pages that the number of its pieces goes by
};

/// Pages [from, to) of an entry.
struct work {
  std::size_t of;
  std::int64_t from, to;
};

/// The works of the fast form, part by part.
std::vector<std::vector<work>> cut_together(const nsameta_plan& plan, const std::vector<entry>& entries) {
  std::vector<std::int64_t> blocks;
  for (const entry& e : entries) blocks.push_back(rounded_up(e.pages, plan.block));
  const std::int64_t overhead = std::max<std::int64_t>(1, rounded_up(16, plan.page_size));
  std::int64_t shares = plan.parts;
  if (plan.most_splits > 0) shares = std::min(shares, plan.most_splits * std::ssize(entries));
  const cut_line cut = walk(blocks, overhead, std::max<std::int64_t>(shares, 1), plan.parts);
  std::vector<std::vector<work>> works(static_cast<std::size_t>(plan.parts));
  for (std::size_t part = 0; part < works.size(); ++part) {
    const cursor end = cut.begins[part + 1];
    for (cursor at = cut.begins[part]; at.request < end.request; at = {at.request + 1, 0, 0}) {
      const auto of = static_cast<std::size_t>(at.request);
      works[part].push_back({of, at.block * plan.block, entries[of].pages});
    }
    const std::int64_t from = end.request == cut.begins[part].request ? cut.begins[part].block : 0;
    if (end.block > from)
      works[part].push_back({static_cast<std::size_t>(end.request), from * plan.block, end.block * plan.block});
  }
  return works;
}

/// The works of the intra form: each entry's pieces, dealt to the units in turn.
std::vector<std::vector<work>> cut_each(const nsameta_plan& plan, const std::vector<entry>& entries) {
  std::vector<work> all;
  for (std::size_t of = 0; of < entries.size(); ++of) {
    const std::int64_t pages = entries[of].counted;
    std::int64_t splits = 16;
    if (plan.preset != NSAMETA_AITER_INTRA_GFX942) {
      splits = std::min(pages / 196, rounded_up(plan.parts, std::ssize(entries)));
      if (plan.most_splits > 0) splits = std::min<std::int64_t>(splits, plan.most_splits);
    }
    const std::int64_t blocks = rounded_up(pages, plan.block);
    const std::int64_t piece = rounded_up(blocks, std::max<std::int64_t>(splits, 1)) * plan.block;
    const std::size_t first = all.size();
    for (std::int64_t from = 0; from < pages; from += piece) all.push_back({of, from, std::min(from + piece, pages)});
    if (all.size() - first > 1 && all.back().to - all.back().from <= 4) {
      all.pop_back();
    }
    all.back().to = entries[of].pages;
  }
  std::vector<std::vector<work>> works(static_cast<std::size_t>(plan.parts));
  std::size_t next = 0;
  for (std::size_t part = 0; part < works.size(); ++part) {
    const std::size_t own = all.size() / works.size() + (part < all.size() % works.size() ? 1 : 0);
    for (std::size_t i = 0; i < own; ++i) works[part].push_back(all[next++]);
  }
  return works;
}

void write_aiter(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                 std::int32_t& status) {
  const bool fast = plan.preset == NSAMETA_AITER_FAST;
  const std::vector<std::int64_t> lengths = lengths_of_rows(problem, requests);
  const std::int64_t read = rounded_up(plan.topk, plan.page_size);
  const std::int64_t share =
      most_plan_units / std::max<std::int64_t>(1, std::ssize(lengths) * std::int64_t{plan.head_ratio});
  std::vector<entry> entries;
  std::int64_t begin = 0;
  bool is_after_empty = false;
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    const std::int64_t all = rounded_up(lengths[row], plan.page_size), last = lengths[row] - (all - 1) * plan.page_size;
    const std::int64_t pages = within_share(plan.topk > 0 ? std::min(all, read) : all, share, status);
    entry e{begin, pages, pages == 0 ? 0 : (pages - 1) * plan.page_size + last, pages};
    if (fast && plan.topk > 0) e.begin = static_cast<std::int64_t>(row) * read;
    if (!fast) {  // an entry without keys reads one of the next entry, which then begins behind it
      e.counted = std::max<std::int64_t>(pages, 1);
      e.begin += is_after_empty ? 1 : 0;
      e.pages = e.keys = std::max<std::int64_t>(begin + pages - e.begin, 1);
    }
    entries.insert(entries.end(), static_cast<std::size_t>(plan.head_ratio), e);
    begin += pages;
    is_after_empty = pages == 0;
  }
  const auto works = fast ? cut_together(plan, entries) : cut_each(plan, entries);
  std::vector<std::int64_t> pieces(entries.size());
  for (const auto& part : works)
    for (const work& w : part) ++pieces[w.of];

  row_writer indptr(plan.buffers[0]), infos(plan.buffers[1]), reduced(plan.buffers[2]), finals(plan.buffers[3]),
      partials(plan.buffers[4]);
  std::int64_t count = 0, written = 0;  // works, and pieces that are combined
  indptr.put({0});
  for (const auto& part : works) {
    for (const work& w : part) {
      const entry& e = entries[w.of];
      const auto of = static_cast<std::int64_t>(w.of);
      const bool is_split = pieces[w.of] > 1;
      const std::int64_t behind = w.to == e.pages ? 0 : e.keys - w.to * (fast ? plan.page_size : 1);
      // The intra form leaves a place for each work; the fast form for those that are combined.
      const std::int64_t place = fast ? written : count;
      infos.put({of, is_split ? place : -1, of, of + 1, e.begin + w.from, e.begin + w.to, behind, 0});
      if (is_split || !fast) partials.put({is_split ? place : -1});
      written += is_split ? 1 : 0;
      ++count;
    }
    indptr.put({count});
  }
  std::int64_t before = 0;
  reduced.put({before});
  for (const std::int64_t own : pieces) reduced.put({before += own > 1 || !fast ? own : 0});
  for (std::int64_t e = 0; e < std::ssize(entries); ++e) finals.put({e, e + 1});
}

// --------------------------------------------------------------------------------------------------- topk_plan

/// A threshold of the ladder, and how many rows may be longer.
struct rung {
  std::int64_t length, most;
};
constexpr auto ladder =
    std::to_array<rung>({{393216, 128}, {262144, 112}, {196608, 80}, {131072, 60}, {98304, 48}, {65536, 30}});

void write_topk(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests) {
  const std::vector<std::int64_t> lengths = lengths_of_rows(problem, requests);
  const auto longer_than = [&](std::int64_t length) {
    return std::ranges::count_if(lengths, [&](std::int64_t row) { return row > length; });
  };
  std::int64_t threshold = plan.threshold;
  if (threshold == 0) {
    threshold = ladder.front().length;
    for (const rung& step : ladder) {
      if (longer_than(step.length) > step.most) break;
      threshold = step.length;
    }
  }
  row_writer out(plan.buffers[0]);
  out.put({threshold, longer_than(threshold)});
  for (std::size_t row = 0; row < lengths.size(); ++row)
    if (lengths[row] > threshold) out.put({static_cast<std::int64_t>(row), lengths[row]});
}

// ------------------------------------------------------------------------------------------------------- lists

/// One element after another, as far as the buffer goes.
template <class Element>
class list_writer {
 public:
  explicit list_writer(const nsameta_vector& out) : out_(out) {}
  void put(std::int64_t element, std::int32_t& status) {
    if (out_.data == nullptr) return;
    if (next_ == out_.capacity)
      status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
    else
      static_cast<Element*>(out_.data)[next_++] = static_cast<Element>(element);
  }

 private:
  nsameta_vector out_;
  std::int64_t next_ = 0;
};

/// The positions of a request's cache that a page list shows.
std::int64_t listed_positions(const nsameta_problem& problem, const nsameta_plan& plan, const request& r,
                              std::int32_t& status) {
  if (!r.is_live) return 0;
  const std::int64_t positions = local(problem.kv_shard, r.cache_len);
  std::int64_t room = problem.block_table.width * problem.block_size;
  if (plan.preset == NSAMETA_PAGES_OF_TOKENS) {
    const std::int64_t slot = read(problem.req_pool_indices, r.index);
    if (slot < 0 || slot >= problem.req_to_token.slots) {
      status |= NSAMETA_BIT_BAD_SLOT;
      return 0;
    }
    room = problem.req_to_token.width;
  }
  if (positions > room) status |= NSAMETA_BIT_CONTEXT_EXCEEDED;
  return std::min(positions, room);
}

std::int64_t page_of(const nsameta_problem& problem, const nsameta_plan& plan, const request& r, std::int64_t page) {
  if (plan.preset == NSAMETA_PAGES_OF_BLOCKS)
    return problem.block_table.data[r.index * problem.block_table.row_stride + page];
  const std::int64_t slot = read(problem.req_pool_indices, r.index);
  const std::int64_t kv_slot =
      problem.req_to_token.data[slot * problem.req_to_token.row_stride + page * problem.page_size];
  return kv_slot >= 0 ? kv_slot / problem.page_size : -rounded_up(-kv_slot, problem.page_size);
}

void write_page_list(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                     std::int32_t& status) {
  const std::int64_t share = most_plan_units / std::max<std::int64_t>(std::ssize(requests.kept), 1);
  const std::int64_t each = plan.preset == NSAMETA_PAGES_OF_BLOCKS ? problem.block_size : problem.page_size;
  list_writer<std::int32_t> indptr(plan.buffers[0]), indices(plan.buffers[1]), last_len(plan.buffers[2]);
  std::int64_t listed = 0;
  indptr.put(0, status);
  for (const request& r : requests.kept) {
    const std::int64_t positions = listed_positions(problem, plan, r, status);
    const std::int64_t pages = within_share(rounded_up(positions, each), share, status);
    for (std::int64_t page = 0; page < pages; ++page) indices.put(page_of(problem, plan, r, page), status);
    indptr.put(listed += pages, status);
    last_len.put(pages == 0 ? 0 : std::min(positions - (pages - 1) * each, each), status);
  }
}

void write_logits_rows(const nsameta_problem& problem, const nsameta_plan& plan, const batch& requests,
                       std::int32_t& status) {
  const std::int64_t share = most_plan_units / std::max<std::int64_t>(std::ssize(requests.kept), 1);
  list_writer<std::int32_t> sums(plan.buffers[0]), of_request(plan.buffers[2]), local_pos(plan.buffers[3]);
  list_writer<std::int64_t> rows(plan.buffers[1]);
  std::int64_t listed = 0, end = 0;
  sums.put(0, status);
  for (const request& r : requests.kept) {
    end += r.rows;
    std::int64_t count = r.is_live && r.rows > 0 ? 1 : 0;
    if (r.is_live && problem.num_logits.data != nullptr) {
      const std::int64_t wanted = read(problem.num_logits, r.index);
      if (wanted < 0) status |= NSAMETA_BIT_NEGATIVE_LENGTH;
      if (wanted > r.rows) status |= NSAMETA_BIT_CAPACITY_EXCEEDED;
      count = std::clamp<std::int64_t>(wanted, 0, r.rows);
    }
    count = within_share(count, share, status);
    for (std::int64_t i = 0; i < count; ++i) {
      rows.put(end - count + i, status);
      of_request.put(r.index, status);
      local_pos.put(i, status);
    }
    sums.put(listed += count, status);
  }
}

}  // namespace

void write_plans(const nsameta_problem& problem, const nsameta_outputs& outputs, const batch& requests,
                 std::int32_t& status) {
  for (const nsameta_plan& plan : plans_of(outputs)) {
    if (plan.kind == NSAMETA_PLAN_PAGED_MQA) write_paged_mqa(problem, plan, requests, status);
    if (plan.kind == NSAMETA_PLAN_FLASHMLA) write_flashmla(problem, plan, requests, status);
    if (plan.kind == NSAMETA_PLAN_TOPK) write_topk(problem, plan, requests);
    if (plan.kind == NSAMETA_PLAN_AITER) write_aiter(problem, plan, requests, status);
    if (plan.kind == NSAMETA_PLAN_PAGE_LIST) write_page_list(problem, plan, requests, status);
    if (plan.kind == NSAMETA_PLAN_LOGITS_ROWS) write_logits_rows(problem, plan, requests, status);
  }
}

}  // namespace nsameta::reference
