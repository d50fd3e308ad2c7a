/// Lists, one request's elements after another's, by several blocks each.
#pragma once

#include "common/plans/row_tables.h"
#include "gpu/plans/block.h"

namespace nsameta::gpu {

/// Whether one block writes a list whose elements are few, of requests with `each` rows each; below 0: with any number.
NSAMETA_HOST_DEVICE bool are_few(std::int64_t each, std::int64_t requests) {
  return each >= 0 && each <= tuning::short_rows && requests <= tuning::few_requests;
}

/// What lists have of some requests, and what else these add up.
struct list_sums {
  std::int32_t listed;
  std::int64_t added;
};
/// What a request adds: its rows, where a list does not say otherwise.
template <class Work, class Rule>
NSAMETA_DEVICE std::int64_t added_by(const plan_block<Work, Rule>&, const request& r) {
  return r.rows;
}
/// What a list has of a request.
template <class Work, class Rule>
NSAMETA_DEVICE listed_part part_of(const plan_block<Work, Rule>& plan, std::int32_t index, const request& r) {
  return plan.rule.part(plan.at.rule.fixed, r, index);
}

/// Which of the teams of a plan's blocks this thread is in, and which of the team's lanes it is.
struct team_place {
  std::int64_t team, teams;
  std::int32_t lane, lanes;
};
/// Each thread by itself.
template <class Work, class Rule>
NSAMETA_DEVICE team_place one_each(const plan_block<Work, Rule>& plan) {
  const std::int64_t threads = tuning::block_threads;
  return {plan.index * threads + plan.at.self.thread(), plan.count * threads, 0, 1};
}
/// Teams of as many threads as there are for each of some elements; of `least`, a power of two, where there are fewer.
template <class Work, class Rule>
NSAMETA_DEVICE team_place teams_of(const plan_block<Work, Rule>& plan, std::int64_t elements, std::int32_t least) {
  const team_place each = one_each(plan);
  std::int32_t lanes = least;
  while (larger(elements, std::int64_t{1}) * lanes * 2 <= each.teams) lanes *= 2;
  return {each.team / lanes, each.teams / lanes, static_cast<std::int32_t>(each.team & (lanes - 1)), lanes};
}

/// Whose an element is.
struct element_place {
  std::int32_t index;   ///< of its request
  std::int32_t number;  ///< of the request's `count` elements
  std::int32_t count;
  std::int64_t before;  ///< what the requests before its own add
  request of;
  team_place writers;  ///< those that write it together
};

/// What a page list has of a request.
template <class Work>
NSAMETA_DEVICE listed_part part_of(const plan_block<Work, page_list_rule>& plan, std::int32_t index, const request& r) {
  return plan.rule.part(plan.at.rule.fixed.keys, r, index, plan.at.rule.local(r.kv_len));
}
/// Of a list with sums: what it writes of a request, up to which they are `through`.
template <class Work>
NSAMETA_DEVICE void finish_request(const plan_block<Work, page_list_rule>& plan, std::int32_t index, const request& r,
                                   const listed_part& part, const list_sums& through) {
  plan.buffers[0][index + 1] = through.listed;
  if (plan.buffers[2] != nullptr) plan.buffers[2][index] = plan.rule.last_page(part, plan.at.rule.local(r.kv_len));
}
template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, page_list_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  plan.buffers[1][element] = plan.rule.element(plan.rule.row(plan.at.rule.fixed.keys, place.index), place.number);
}

/// The same of the lists of rows whose logits are wanted.
template <class Work>
NSAMETA_DEVICE listed_part part_of(const plan_block<Work, logits_rule>& plan, std::int32_t index, const request& r) {
  const integer_array<std::int64_t>& wanted = plan.inputs.num_logits;
  return plan.rule.part(r, wanted.data == nullptr ? 1 : whole_value(wanted, load_raw(wanted, std::int64_t{index})));
}
template <class Work>
NSAMETA_DEVICE void finish_request(const plan_block<Work, logits_rule>& plan, std::int32_t index, const request&,
                                   const listed_part&, const list_sums& through) {
  plan.buffers[0][index + 1] = through.listed;
}
template <class Work>
NSAMETA_DEVICE void write_element(const plan_block<Work, logits_rule>& plan, std::int32_t element,
                                  const element_place& place) {
  const auto& capacity = plan.rule.held.capacity;
  const std::int64_t row = place.before + place.of.rows - place.count + place.number;
  if (element < capacity[0]) reinterpret_cast<std::int64_t*>(plan.buffers[1])[element] = row;
  if (element < capacity[1]) plan.buffers[2][element] = place.index;
  if (element < capacity[2]) plan.buffers[3][element] = place.number;
}

/// Whether a list has elements of several words, which a team writes together.
template <class Rule>
inline constexpr bool by_teams = table_rule<Rule>;

/// A list. Each block finds the request of its elements by itself: among the sums of the threads' shares, then request
/// by request. Returns how long it is.
template <class Work, list_rule Rule>
NSAMETA_DEVICE std::int32_t write_list(const plan_block<Work, Rule>& plan) {
  auto& self = plan.at.self;
  plan_memory& shared = plan.shared;
  const thread_share mine = share_of(self, plan.at.batch.requests);
  list_sums own{};
  visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
    own.listed += part_of(plan, index, r).count;
    own.added += added_by(plan, r);
  });
  const block_place<std::int32_t> listed = place_in_block(self, shared.warps, own.listed);
  const block_place<std::int64_t> added = place_in_block(self, shared.wide_warps, own.added);
  shared.chunks[self.thread()] = listed.before;
  shared.added_before[self.thread()] = added.before;
  if (self.thread() == 0) shared.chunks[tuning::block_threads] = listed.all;
  self.barrier();
  const std::int32_t all = list_length(plan.rule, listed.all, added.all);
  if constexpr (requires { Rule::counts; })
    if (plan.index == 0 && self.thread() == 0) plan.buffers[0][0] = all;
  if constexpr (requires(const request& r) { finish_request(plan, 0, r, listed_part{}, list_sums{}); })
    if (plan.index == 0 && plan.buffers[0] != nullptr) {
      list_sums through{listed.before, added.before};
      if (self.thread() == 0) plan.buffers[0][0] = 0;
      visit_share(plan.at, mine, [&](std::int32_t index, const request& r) {
        const listed_part part = part_of(plan, index, r);
        through = {through.listed + part.count, through.added + added_by(plan, r)};
        finish_request(plan, index, r, part, through);
      });
    }

  constexpr int run = by_teams<Rule> ? 1 : tuning::list_run;
  const std::int32_t live = larger(smaller(all, plan.rule.held.most()), padding_end(plan.rule));
  const team_place writers = by_teams<Rule> ? teams_of(plan, live, tuning::table_lanes) : one_each(plan);
  NSAMETA_UNROLL(1)
  for (std::int64_t first = writers.team * run; first < live; first += writers.teams * run) {
    const auto begin = static_cast<std::int32_t>(first), end = smaller(begin + run, live);
    const std::int32_t chunk =
        first_beyond(0, tuning::block_threads - 1, [&](std::int32_t i) { return shared.chunks[i + 1] > begin; });
    list_sums before{shared.chunks[chunk], shared.added_before[chunk]};
    std::int32_t r = smaller(chunk * mine.each, plan.at.batch.requests - 1), count = 0;
    request of{};
    const auto look = [&] {
      of = whole_request(plan.at, r);
      count = part_of(plan, r, of).count;
    };
    look();
    NSAMETA_UNROLL(1)
    for (std::int32_t element = begin; element < end; ++element) {
      if (element < all) {
        NSAMETA_UNROLL(1)
        while (before.listed + count <= element) {
          before = {before.listed + count, before.added + added_by(plan, of)};
          ++r;
          look();
        }
      } else {  // a padding row: element 0 of a request behind all others
        r = plan.at.batch.requests - 1;
        of = request_of_padding_row(whole_request(plan.at, r));
        before.listed = element;
        count = 1;
      }
      const std::int32_t number = element - before.listed;
      write_element(plan, element, {r, number, count, before.added, of, writers});
    }
  }
  return all;
}

/// The same of a list that has an element for each row, or for each request. Where requests have as many rows each,
/// nothing is searched for.
template <class Work, list_rule Rule>
NSAMETA_DEVICE void write_rows(const plan_block<Work, Rule>& plan, std::int64_t each) {
  if (each < 0 || each > plan.rule.most) {
    write_list(plan);
    return;
  }
  const auto per_request = static_cast<std::int32_t>(each);
  const std::int64_t of_batch = each * plan.at.batch.requests;
  const std::int32_t rows =
      larger(static_cast<std::int32_t>(smaller(of_batch, std::int64_t{plan.rule.held.most()})), padding_end(plan.rule));
  const auto request_of_row = [&](std::int32_t row) {
    return smaller(per_request == 1 ? row : row / per_request, plan.at.batch.requests - 1);
  };
  const team_place writers = by_teams<Rule> ? teams_of(plan, rows, tuning::table_lanes) : one_each(plan);
  visit_every(plan.at, writers.team, writers.teams, rows, request_of_row, [&](std::int32_t row, const request& r) {
    const std::int32_t index = request_of_row(row), before = index * per_request;
    const bool is_behind = row >= of_batch;
    write_element(
        plan, row,
        {index, is_behind ? 0 : row - before, per_request, before, is_behind ? request_of_padding_row(r) : r, writers});
  });
}

template <class Work, list_rule Rule>
NSAMETA_DEVICE void write_plan(const plan_block<Work, Rule>& plan) {
  write_list(plan);
}

template <class Work, list_rule Rule>
NSAMETA_DEVICE std::uint32_t request_bits(const plan_block<Work, Rule>& plan, std::int32_t index) {
  return part_of(plan, index, whole_request(plan.at, index)).bits;
}

}  // namespace nsameta::gpu
