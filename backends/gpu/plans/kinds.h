/// The plans of a launch: a list, in which each block finds its own.
#pragma once

#include "common/plans/rules.h"
#include "gpu/plans/aiter.h"
#include "gpu/plans/compressed.h"
#include "gpu/plans/context_lens.h"
#include "gpu/plans/dcp_local.h"
#include "gpu/plans/flashmla.h"
#include "gpu/plans/lists.h"
#include "gpu/plans/paged_mqa.h"
#include "gpu/plans/row_tables.h"
#include "gpu/plans/state.h"
#include "gpu/plans/topk.h"
#include "gpu/plans/zigzag.h"

namespace nsameta::gpu {

/// Of the plans that a step on NVIDIA has, DeepGEMM's, FlashMLA's and the top-k's: the first kinds.
using attention_rules = plan_rules<mqa_rule, tile_rule, topk_rule>;

/// What plan_rules::visit does, on a GPU: nvcc warns of one function that calls visitors of both.
template <class... Rule, class Visit>
NSAMETA_DEVICE void visit_rule(plan_rules<Rule...>, nsameta_plan_kind kind, const Visit& visit) {
  int number = 0;
  (void)((kind == number++ ? (visit.template operator()<Rule>(), true) : false) || ...);
}

/// A plan, as its blocks are given it. `Rules`: those of the kinds that it may be of.
template <class Rules>
struct plan_task {
  static constexpr std::size_t most_buffers = [] {
    std::size_t most = 0;
    for (int kind = 0; kind < Rules::count; ++kind)
      most = std::max(most, plan_kinds[static_cast<std::size_t>(kind)].buffers.size());
    return most;
  }();
  nsameta_plan_kind kind;
  std::int32_t blocks;  ///< of the grid's row
  std::int32_t* buffers[most_buffers];
  alignas(8) unsigned char rule[Rules::bytes];  ///< made by the host, copied with the arguments

  template <class Rule>
  NSAMETA_HOST_DEVICE const Rule& rule_as() const {
    return *reinterpret_cast<const Rule*>(rule);
  }
};

/// The plans of all sets, one set's after another's.
template <class Rules>
struct plan_list {
  static constexpr int most = NSAMETA_MAX_PLANS;    ///< of a launch
  std::int32_t blocks;                              ///< of the grid's row: the most that a set's have
  std::int16_t begin[NSAMETA_SETS_PER_LAUNCH + 1];  ///< of each set's
  plan_inputs inputs;
  std::int64_t first_values[NSAMETA_SETS_PER_LAUNCH];  ///< of each set's rows
  plan_task<Rules> tasks[most];

  /// Calls `visit(plan_block)` for a plan, with the rule of its kind.
  template <class Work, class Visit>
  NSAMETA_DEVICE void visit(Work& at, int place, int block, plan_memory& shared, const Visit& visit) const {
    const plan_task<Rules>& task = tasks[place];
    row_inputs rows = inputs.rows;
    rows.first = first_values[at.self.set()];
    visit_rule(Rules{}, task.kind, [&]<class Rule>() {
      visit(plan_block<Work, Rule>{at, inputs, rows, task.template rule_as<Rule>(), task.buffers, shared, block,
                                   task.blocks});
    });
  }

  /// Writes what block `block` of a set has of its plans: a block for each plan, then what some have more. So most look
  /// nothing up: each plan is a line of constants away.
  template <class Work>
  NSAMETA_DEVICE void write_block(Work& at, int set, int block, plan_memory& shared) const {
    const int first = begin[set], end = begin[set + 1];
    int place = first + block, share = 0;
    if (place >= end) {
      share = place - end + 1;
      for (place = first; place < end && share >= tasks[place].blocks; ++place) share -= tasks[place].blocks - 1;
      if (place == end) return;
    }
    visit(at, place, share, shared, [](const auto& plan) {
      take_turn(plan.at.self);
      write_plan(plan);
    });
  }
};

/// The bits that the plans of a set raise. What is in shared memory is the status word's: request_bits does without.
template <class Work, class Rules>
struct plan_bits {
  Work& at;
  const plan_list<Rules>& list;
  plan_memory& shared;
  int set;

  template <class Visit>
  NSAMETA_DEVICE void visit_plans(const Visit& visit) const {
    NSAMETA_UNROLL(1)
    for (int place = list.begin[set]; place < list.begin[set + 1]; ++place) list.visit(at, place, 0, shared, visit);
  }
  /// Of the slots that the engine gives of `rows` rows. Reached by all threads of the block.
  template <class Place>
  NSAMETA_DEVICE std::uint32_t bits_of_given(const plan_block<Work, window_rule>& plan, Place* sums,
                                             std::int64_t rows) const {
    const row_inputs& given = plan.rows;
    row_sums<std::int64_t> lacking{};
    for (std::int64_t row = at.self.thread(); row < smaller(rows, given.count); row += tuning::block_threads)
      lacking.rows += at.rule.fixed.keys.lacks(given.slot(row));
    at.self.barrier();  // the places are free
    return bit_if(block_sum(at.self, sums, lacking).rows > 0, NSAMETA_BIT_BAD_SLOT);
  }
  /// Of a request.
  NSAMETA_DEVICE std::uint32_t operator()(std::int64_t request) const {
    std::uint32_t bits = 0;
    visit_plans([&](const auto& plan) { bits |= request_bits(plan, static_cast<std::int32_t>(request)); });
    return bits;
  }
  /// Of the lists: whether one is longer than its buffers, or has too many rows. Reached by all threads of the block.
  /// `sums`: a place for each warp.
  template <class Place>
  NSAMETA_DEVICE std::uint32_t of_lists(Place* sums) const {
    std::uint32_t bits = 0;
    visit_plans([&]<class Rule>(const plan_block<Work, Rule>& plan) {
      if constexpr (list_rule<Rule>) {
        row_sums<std::int64_t> own{};
        visit_requests<1>(at, std::int64_t{at.batch.requests},
                          [&](std::int64_t index, const raw_lengths&, const request& r) {
                            own.rows += part_of(plan, static_cast<std::int32_t>(index), r).count;
                            own.owned += r.rows;
                          });
        at.self.barrier();  // the places are free
        const row_sums<std::int64_t> all = block_sum(at.self, sums, own);
        bits |= list_bits(plan.rule, all.rows, all.owned);
        if constexpr (std::is_same_v<Rule, window_rule>)
          if (plan.rule.looks_up_given()) bits |= bits_of_given(plan, sums, all.owned);
      }
    });
    return bits;
  }
};

}  // namespace nsameta::gpu
