/// aiter's works, unit by unit.
#include <algorithm>
#include <vector>

#include "reference/definitions.h"
#include "reference/plans/kinds.h"

namespace nsameta::reference {
namespace {

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

}  // namespace

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

}  // namespace nsameta::reference
