/// The plans, each in two passes over the requests: what the line is long, and where it is cut; and the lists, in one.
/// One thread: a plan has less work than waking another takes.
#pragma once

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

  std::int32_t r = 0, begin = 0, end = requests > 0 ? rule.cost(length(0)) : 0;  // of request r on the line
  std::int32_t pieces = 0;
  const auto to_next = [&] {
    num_splits[r + 1] = pieces;
    begin = end;
    if (++r < requests) end += rule.cost(length(r));
  };
  tile_rule::piece piece{};
  for (std::int32_t part = 0; part < rule.parts; ++part) {
    if (r == requests) {
      rows[part] = rule.idle(requests, requests > 0 ? rule.cost(length(0)) : 0,
                             requests > 0 ? rule.blocks(length(requests - 1)) : 0);
      continue;
    }
    piece.begin = piece.end;
    piece.request = piece.last = r;
    piece.request_begin = piece.last_begin = begin;
    piece.request_end = piece.last_end = end;
    const std::int32_t budget_end = piece.begin + step;
    while (r < requests && end <= budget_end + rule.overhead) {
      piece.last = r;
      piece.last_begin = begin;
      piece.last_end = end;
      ++pieces;
      to_next();
    }
    piece.end = piece.last_end;
    if (r < requests && budget_end > begin) {  // within the next one
      piece.last = r;
      piece.last_begin = begin;
      piece.last_end = end;
      piece.end = budget_end;
      ++pieces;
    }
    piece.last_blocks = piece.end == piece.last_end ? rule.blocks(length(piece.last)) : 0;
    rows[part] = rule.row_of(piece, step);
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
    if (plan.kind == NSAMETA_PLAN_PAGE_LIST) bits |= write_page_list(problem, plan, cached);
    if (plan.kind == NSAMETA_PLAN_LOGITS_ROWS) bits |= write_logits_rows(problem, plan, cached);
  }
  if (bits != 0 && present(out.status)) *static_cast<std::uint32_t*>(out.status.data) |= bits;
}

}  // namespace nsameta::cpu
