/// The plans, each in two passes over the requests: what the line is long, and where it is cut; and the lists, in one.
/// One thread: a plan has less work than waking another takes.
#pragma once

#include <algorithm>

#include "common/plan_rules.h"
#include "cpu/request.h"

namespace nsameta::cpu {

/// Positions of a request's cache on this rank.
template <class Rule>
struct cached_lengths {
  const batch_lengths& lengths;
  const Rule& rule;
  std::int64_t offset;  ///< of the set

  request at(std::int64_t index) const { return load_request(lengths, offset, index); }
  std::int64_t operator()(std::int64_t index) const { return rule.local(at(index).kv_len); }
};

inline std::int64_t load(const nsameta_strided& vector, std::int64_t index, std::int64_t absent) {
  return vector.data == nullptr ? absent : load(vector.data, is_int64(vector), index * vector.stride);
}

/// Returns the bits that requests raise.
template <class Lengths>
std::uint32_t write_paged_mqa(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& length) {
  const mqa_rule rule = mqa_rule::of(plan, problem);
  const auto requests = static_cast<std::int32_t>(problem.batch_size);
  std::int32_t all = 0;
  bool too_long = false;
  for (std::int32_t r = 0; r < requests; ++r) {
    const std::int64_t keys = length(r);
    all += rule.splits(keys);
    too_long |= rule.is_too_long(keys);
  }
  const std::int32_t units = all * rule.atoms;
  auto* const out = static_cast<mqa_rule::pair*>(plan.buffers[0].data);
  std::int32_t r = 0, begin = 0, end = 0;  // the units of the requests before r, and with it
  std::int32_t splits = 0;
  for (std::int32_t part = 0; part <= rule.parts; ++part) {
    const std::int32_t unit = rule.begin(part, units);
    for (; end <= unit && r < requests; ++r) {
      begin = end;
      splits = rule.splits(length(r));
      end += splits * rule.atoms;
    }
    out[part] = unit == units ? rule.at_end(part, requests, units) : rule.within(r - 1, unit - begin, splits);
  }
  return too_long ? NSAMETA_BIT_LENGTH_OVERFLOW : 0;
}

/// Cuts the line of some requests, each of which costs `cost(r)`, in parts `step` apart. Calls `visit(part, what)` for
/// each part that has some of it; returns how many those are.
template <class Cost, class Visit>
std::int32_t for_each_part(std::int32_t parts, std::int32_t overhead, std::int32_t step, std::int32_t requests,
                           const Cost& cost, const Visit& visit) {
  std::int32_t r = 0, begin = 0, end = requests > 0 ? cost(0) : 0;  // of request r on the line
  std::int32_t part = 0;
  for (line_part p{}; part < parts && r < requests; ++part) {
    p.begin = p.end;
    p.request = r;
    p.request_begin = begin;
    p.request_end = end;
    const std::int32_t budget_end = p.begin + step;
    const auto have = [&] {
      p.last = r;
      p.last_begin = begin;
      p.last_end = end;
    };
    while (r < requests && end <= budget_end + overhead) {
      have();
      begin = p.end = end;
      if (++r < requests) end += cost(r);
    }
    if (r < requests && budget_end > begin) {  // within the next one
      have();
      p.end = budget_end;
    }
    visit(part, p);
  }
  return part;
}

/// Returns the bits that requests raise.
template <class Lengths>
std::uint32_t write_tiles(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& cached) {
  const tile_rule rule = tile_rule::of(plan, problem);
  const auto requests = static_cast<std::int32_t>(problem.batch_size);
  const auto length = [&](std::int32_t r) {
    return rule.topk == 0 ? cached(r)
                          : rule.sparse_length(load(problem.topk_lens, r, rule.topk),
                                               load(problem.extra_topk_lens, r, rule.extra_topk));
  };
  std::int32_t all = 0;
  bool too_long = false;
  for (std::int32_t r = 0; r < requests; ++r) {
    const std::int64_t keys = length(r);
    all += rule.cost(keys);
    too_long |= rule.is_too_long(keys);
  }
  const std::int32_t step = all / rule.parts + (all % rule.parts != 0);
  auto* const rows = static_cast<tile_rule::row*>(plan.buffers[0].data);
  auto* const num_splits = static_cast<std::int32_t*>(plan.buffers[1].data);
  num_splits[0] = 0;

  std::int32_t pieces = 0;
  const auto cost = [&](std::int32_t r) { return rule.cost(length(r)); };
  const std::int32_t live =
      for_each_part(rule.parts, rule.overhead, step, requests, cost, [&](std::int32_t part, const line_part& p) {
        const bool is_whole = p.end == p.last_end;
        for (std::int32_t r = p.request; r <= p.last; ++r) {
          ++pieces;
          if (r < p.last || is_whole) num_splits[r + 1] = pieces;
        }
        rows[part] = rule.row_of(p, step, is_whole ? rule.blocks(length(p.last)) : 0);
      });
  if (live < rule.parts)
    std::fill(rows + live, rows + rule.parts,
              rule.idle(requests, requests > 0 ? cost(0) : 0, requests > 0 ? rule.blocks(length(requests - 1)) : 0));
  return too_long ? NSAMETA_BIT_LENGTH_OVERFLOW : 0;
}

/// The buffers of aiter's plan.
struct aiter_buffers {
  std::int32_t* work_indptr;
  aiter_rule::work* works;
  std::int32_t *reduce_indptr, *final_map, *partial_map;

  explicit aiter_buffers(const nsameta_plan& plan)
      : work_indptr(words(plan, 0)),
        works(static_cast<aiter_rule::work*>(plan.buffers[1].data)),
        reduce_indptr(words(plan, 2)),
        final_map(words(plan, 3)),
        partial_map(words(plan, 4)) {}
  static std::int32_t* words(const nsameta_plan& plan, int buffer) {
    return static_cast<std::int32_t*>(plan.buffers[buffer].data);
  }
};

/// `entry(i)`: of all `entries`.
template <class Entry>
void write_cut_together(const aiter_rule& rule, const aiter_buffers& out, std::int32_t entries, const Entry& entry) {
  const auto cost = [&](std::int32_t i) { return rule.cost(entry(i)); };
  std::int32_t all = 0;
  for (std::int32_t i = 0; i < entries; ++i) all += cost(i);
  const std::int32_t step = all / rule.splits + (all % rule.splits != 0);
  std::int32_t count = 0, placed = 0;  // works, and those of entries in several pieces
  std::int32_t begin = 0, before = 0;  // of the entry: its first page, and the places of those before it
  const std::int32_t live =
      for_each_part(rule.splits, rule.overhead, step, entries, cost, [&](std::int32_t part, const line_part& p) {
        out.work_indptr[part] = count;
        std::int32_t from = p.begin, on_line = p.request_begin;
        for (std::int32_t i = p.request; i <= p.last; ++i) {
          const aiter_rule::entry e = entry(i);
          const std::int32_t entry_end = on_line + rule.cost(e);
          const bool is_first = from == on_line, is_last = p.end >= entry_end;
          const std::int32_t place = is_first && is_last ? -1 : placed++;
          if (is_first) out.reduce_indptr[i] = before;
          if (place >= 0) out.partial_map[place] = place;
          if (rule.stride > 0) begin = i * rule.stride;
          out.works[count++] = rule.work_of(i, place, begin, is_first ? 0 : (from - on_line) * rule.granularity.value,
                                            is_last ? e.pages : (p.end - on_line) * rule.granularity.value, e);
          if (!is_last) break;
          begin += e.pages;
          before = placed;
          from = on_line = entry_end;
        }
      });
  out.reduce_indptr[entries] = placed;
  std::fill(out.work_indptr + live, out.work_indptr + rule.parts + 1, count);
}

template <class Entry>
void write_cut_each(const aiter_rule& rule, const aiter_buffers& out, std::int32_t entries, const Entry& entry) {
  std::int32_t count = 0, before = 0;  // works, and pages of the rows before
  aiter_rule::range read{};
  bool is_after_empty = false;
  for (std::int32_t i = 0; i < entries; ++i) {
    const aiter_rule::entry e = entry(i);
    const aiter_rule::pieces cut = rule.pieces_of(e);
    if (i % rule.copies == 0) {
      read = rule.read_alone(e, before, is_after_empty);
      before += e.pages;
      is_after_empty = e.pages == 0;
    }
    out.reduce_indptr[i] = count;
    for (std::int32_t k = 0; k < cut.count; ++k, ++count) {
      out.works[count] = rule.piece_of(i, count, k, cut, read);
      out.partial_map[count] = out.works[count].word[1];
    }
  }
  out.reduce_indptr[entries] = count;
  for (std::int32_t part = 0; part <= rule.parts; ++part) out.work_indptr[part] = rule.first_work(part, count);
}

/// Returns the bits that entries raise.
template <class Lengths, class Rule>
std::uint32_t write_aiter(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& cached,
                          const Rule& rows_rule) {
  const aiter_rule rule = aiter_rule::of(plan, problem, cached.lengths.uniform_rows);
  const std::int32_t rows = static_cast<std::int32_t>(problem.batch_size) * cached.lengths.uniform_rows;
  const std::int32_t entries = rows * rule.copies;
  const auto length = [&](std::int32_t row) {
    const std::int32_t index = rule.rows.quotient(row);
    return rows_rule.local(
        larger<std::int64_t, std::int64_t>(cached.at(index).first + row - index * rule.rows.value, 0));
  };
  bool too_long = false;
  for (std::int32_t row = 0; row < rows; ++row) too_long |= rule.is_too_long(length(row));
  const aiter_buffers out(plan);
  const auto entry = [&](std::int32_t i) { return rule.entry_of(length(i / rule.copies)); };
  if (rule.is_fast)
    write_cut_together(rule, out, entries, entry);
  else
    write_cut_each(rule, out, entries, entry);
  for (std::int32_t i = 0; i < entries; ++i) {
    out.final_map[2 * i] = i;
    out.final_map[2 * i + 1] = i + 1;
  }
  return too_long ? NSAMETA_BIT_LENGTH_OVERFLOW : 0;
}

template <class Lengths, class Rule>
void write_topk(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& cached,
                const Rule& rows_rule) {
  const topk_rule rule = topk_rule::of(plan, cached.lengths.uniform_rows);
  const auto lengths_of = [&](std::int64_t index) {
    return [&rows_rule, r = cached.at(index)](std::int32_t j) {
      return rows_rule.local(larger<std::int64_t, std::int64_t>(r.first + j, 0));
    };
  };
  std::int32_t count[topk_rule::rungs]{};
  for (std::int64_t index = 0; index < problem.batch_size; ++index) rule.add_longer(count, lengths_of(index));
  const std::int32_t threshold = rule.longer_than[rule.choose(count)];
  auto* const out = static_cast<mqa_rule::pair*>(plan.buffers[0].data);
  std::int32_t listed = 0;
  for (std::int64_t index = 0; index < problem.batch_size; ++index) {
    const auto length = lengths_of(index);
    for (std::int32_t j = rule.first_longer(threshold, length); j < rule.rows_each; ++j)
      out[++listed] = {static_cast<std::int32_t>(index * rule.rows_each + j), static_cast<std::int32_t>(length(j))};
  }
  out[0] = {threshold, listed};
}

/// Returns the bits that requests raise.
template <class Lengths>
std::uint32_t write_page_list(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& cached) {
  const page_list_rule rule = page_list_rule::of(plan, problem);
  const key_slots keys = key_slots::of(problem);
  auto* const indptr = static_cast<std::int32_t*>(plan.buffers[0].data);
  auto* const indices = static_cast<std::int32_t*>(plan.buffers[1].data);
  auto* const last_page_len = static_cast<std::int32_t*>(plan.buffers[2].data);
  std::uint32_t bits = 0;
  std::int32_t listed = 0;
  indptr[0] = 0;
  for (std::int64_t index = 0; index < problem.batch_size; ++index) {
    const std::int64_t positions = cached(index);
    const listed_part part = rule.part(keys, cached.at(index), index, positions);
    bits |= part.bits;
    const std::int32_t end = smaller(part.count, larger(rule.held.capacity[0] - listed, 0));
    if (end > 0) {
      const std::int32_t* const row = rule.row(keys, index);
      if (rule.of_blocks || rule.page.value == 1)
        std::copy(row, row + end, indices + listed);
      else
        for (std::int32_t page = 0; page < end; ++page) indices[listed + page] = rule.element(row, page);
    }
    indptr[index + 1] = listed += part.count;
    if (last_page_len != nullptr) last_page_len[index] = rule.last_page(part, positions);
  }
  return rule.held.is_short(listed) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

/// Returns the bits that requests raise.
template <class Lengths>
std::uint32_t write_logits_rows(const nsameta_problem& problem, const nsameta_plan& plan, const Lengths& cached) {
  const logits_rule rule = logits_rule::of(plan, problem);
  const std::int32_t(&capacity)[list_room::most_buffers] = rule.held.capacity;
  auto* const sums = static_cast<std::int32_t*>(plan.buffers[0].data);
  auto* const rows = static_cast<std::int64_t*>(plan.buffers[1].data);
  auto* const of_request = static_cast<std::int32_t*>(plan.buffers[2].data);
  auto* const local_pos = static_cast<std::int32_t*>(plan.buffers[3].data);
  std::uint32_t bits = 0;
  std::int32_t listed = 0;
  std::int64_t rows_end = 0;
  sums[0] = 0;
  for (std::int64_t index = 0; index < problem.batch_size; ++index) {
    const request r = cached.at(index);
    const listed_part part = rule.part(r, load(problem.num_logits, index, 1));
    bits |= part.bits;
    rows_end += r.rows;
    for (std::int32_t i = 0; i < part.count; ++i, ++listed) {
      if (listed < capacity[0]) rows[listed] = rows_end - part.count + i;
      if (listed < capacity[1]) of_request[listed] = static_cast<std::int32_t>(index);
      if (listed < capacity[2]) local_pos[listed] = i;
    }
    sums[index + 1] = listed;
  }
  return rule.held.is_short(listed) ? bits | NSAMETA_BIT_CAPACITY_EXCEEDED : bits;
}

/// The plans of a set of outputs, whose status word is written.
template <class Rule>
void write_plans(const nsameta_problem& problem, const nsameta_outputs& out, const batch_lengths& lengths,
                 const Rule& rule) {
  const cached_lengths<Rule> cached{lengths, rule, out.length_offset};
  std::uint32_t bits = 0;
  for (const nsameta_plan& plan : plans_of(out)) {
    if (plan.kind == NSAMETA_PLAN_PAGED_MQA) bits |= write_paged_mqa(problem, plan, cached);
    if (plan.kind == NSAMETA_PLAN_FLASHMLA) bits |= write_tiles(problem, plan, cached);
    if (plan.kind == NSAMETA_PLAN_TOPK) write_topk(problem, plan, cached, rule);
    if (plan.kind == NSAMETA_PLAN_AITER) bits |= write_aiter(problem, plan, cached, rule);
    if (plan.kind == NSAMETA_PLAN_PAGE_LIST) bits |= write_page_list(problem, plan, cached);
    if (plan.kind == NSAMETA_PLAN_LOGITS_ROWS) bits |= write_logits_rows(problem, plan, cached);
  }
  if (bits != 0 && present(out.status)) *static_cast<std::uint32_t*>(out.status.data) |= bits;
}

}  // namespace nsameta::cpu
