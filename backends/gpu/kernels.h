/// The kernels of a GPU backend: types, in one list that cuda, hip and simt each instantiate. A block waits for
/// instructions that it has not run before as it waits for memory: what a fill does not need should be neither in its
/// kernel nor in its arguments. So there are kernels for lengths alone, for all vectors, and for vectors and page
/// tables, as engines step them; one for everything, in int32, in int64, and with shards of the queries; and those for
/// plans and what is beside them.
#pragma once

#include "gpu/page_tables.h"
#include "gpu/plans/kinds.h"
#include "gpu/status.h"
#include "gpu/tails.h"
#include "gpu/vectors.h"

namespace nsameta::gpu {

/// Of the kernels for plans. CUDA takes so many from 12.1 on.
inline constexpr std::size_t most_argument_bytes = 14592;

// A kernel is a type:
//   arguments                     what it is launched with, by value; plans aside at most the 4 KB of every vendor
//   shared                        shared memory of a block, uninitialised
//   block_threads                 threads of a block, a multiple of every warp width
//   resident_threads              that a multiprocessor should hold at least, which limits the registers of each (CUDA)
//   run(self, arguments, shared)  what each thread does

/// What the kernels of short steps have in common. Those without page tables let later ones start at once: vectors of
/// up to 32 requests take 0.9 of the time then. With page tables it is up to 1.4, with tails 1.1 to 1.5, because
/// kernels are in one another's way (H100, 2026-11-27).
struct short_kernel {
  static constexpr int block_threads = tuning::block_threads, resident_threads = tuning::resident_threads;
  using shared = block_memory<std::int32_t>;
  template <thread_context T>
  using work = block_work<std::int32_t, T, basic_plain_rule<std::int32_t>>;
};

/// seqlens_expanded and nsa_cache_seqlens of one set, as many rows for each request.
struct uniform_lengths_kernel : short_kernel {
  using arguments = uniform_lengths_arguments;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared&) {
    self.let_later_kernels_start();
    self.await_earlier_kernels();
    write_uniform_lengths(self, all);
  }
};

/// Vectors of one set: the two lengths, or all.
template <bool lengths_only>
struct vectors_kernel : short_kernel {
  using arguments = vector_arguments;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    self.let_later_kernels_start();
    self.await_earlier_kernels();
    write_vectors<lengths_only, tuning::short_loads>(work<T>{self, all.batch, all.set, all.batch.plain_rule(), memory},
                                                     self.block(), 1, 0);
  }
};

/// Vectors and page tables. Of several sets some may be of draft steps.
template <int max_sets>
struct tables_kernel : short_kernel {
  using arguments = table_arguments<max_sets>;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    run_block(self, self.block(), all, memory);
  }

  /// Block `block` of a set.
  template <class T>
  static NSAMETA_DEVICE void run_block(T& self, int block, const arguments& all, shared& memory) {
    const output_set<std::int32_t>& set = all.sets[max_sets == 1 ? 0 : self.set()];
    const auto& batch = batch_of_set<std::conditional_t<(max_sets > 1), own_rows, no_q_shard>>(all.batch, set);
    const work<T> at{self, batch, set, batch.plain_rule(), memory};
    if (block < batch.vector_blocks) {
      take_turn(self);
      return write_vectors<false, tuning::short_loads>(at, block, 1, 0);
    }
    take_turn(self);
    write_tables<false>(at, block - batch.vector_blocks, all.source, set, {});
  }
};

/// No request raises bits of its own.
struct no_bits {
  template <class N>
  NSAMETA_DEVICE std::uint32_t operator()(N) const {
    return 0;
  }
  template <class Place>
  NSAMETA_DEVICE std::uint32_t of_lists(Place*) const {
    return 0;
  }
};

/// Everything: tails, the status word, long rows and very many requests; in int64 also pools, KV shards, local
/// outputs, pages of any size, int64 sums, indexer ranges and the places of keys; and with `QShard` shards of the
/// queries, rejected drafts and lengths of padding, whose code is half as long again.
template <class N, class QShard = no_q_shard>
struct full_kernel {
  static constexpr int block_threads = tuning::block_threads;
  static constexpr int resident_threads = is_general<N> ? tuning::int64_threads : tuning::resident_threads;
  using arguments = full_arguments<N>;
  using shared = status_memory<N>;
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    take_turn(self);
    const output_set<N>& set = all.sets[self.set()];
    auto rule = all.template rule<QShard>();
    block_work<N, T, decltype(rule)> at{self, all.batch, set, rule, memory};
    run_block(at, self.block(), all, memory, no_bits{});
  }

  /// Block `block` of a set.
  template <class T, class Rule, class MoreBits>
  static NSAMETA_DEVICE void run_block(block_work<N, T, Rule>& at, int block, const arguments& all, shared& memory,
                                       const MoreBits& more_bits) {
    T& self = at.self;
    const output_set<N>& set = all.sets[self.set()];
    const set_tails& tails = all.tails[self.set()];
    if constexpr (QShard::deals)
      if (at.rule.may_deal()) at.rule.deal_tokens(count_tokens<N>(at, all.batch.requests));
    if (block < all.batch.vector_blocks) {
      constexpr bool may_be_lengths = !is_general<N>;
      if (may_be_lengths && all.lengths_only)
        return write_vectors<may_be_lengths, loads_for<N>>(at, block, all.block_groups, all.shares_shift);
      return for_each_part(at, [&] {
        if (at.rule.part > 0) self.barrier();  // shared memory is used again
        write_vectors<false, loads_for<N>>(at, block, all.block_groups, all.shares_shift);
      });
    }
    block -= all.batch.vector_blocks;
    if (block < all.source.blocks)
      return for_each_part(at, [&] {
        if (at.rule.part > 0) self.barrier();
        if (at.rule.part == 0 || !all.source.row_a_request) write_tables<true>(at, block, all.source, set, tails);
      });
    block -= all.source.blocks;
    if (block < all.tail_blocks) return write_tails(at, block, all.tail_blocks, all.source, set, tails, all.padded);
    if (tails.status != nullptr) write_status(at, all.source, set, all.reserved, tails.status, memory, more_bits);
  }
};

/// Plans, which come first because they take longest; and everything beside them. `Requests`: what becomes of those.
template <class Rules, class Requests>
struct plans_kernel {
  using everything = full_kernel<std::int64_t>;
  static constexpr int block_threads = tuning::block_threads, resident_threads = tuning::int64_threads;
  struct arguments {
    full_arguments<std::int64_t> rest;
    plan_list<Rules> plans;
  };
  union shared {
    plan_memory plan;
    everything::shared rest;
  };
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    const plan_list<Rules>& plans = all.plans;
    const output_set<std::int64_t>& set = all.rest.sets[self.set()];
    const auto& batch = batch_of_set<Requests>(all.rest.batch, set);
    auto rule = all.rest.template rule<Requests>();
    using work = block_work<std::int64_t, T, decltype(rule)>;
    work at{self, batch, set, rule, memory.rest};
    if (self.block() >= plans.blocks) {
      take_turn(self);
      return everything::run_block(at, self.block() - plans.blocks, all.rest, memory.rest,
                                   plan_bits<work, Rules>{at, plans, memory.plan, self.set()});
    }
    plans.write_block(at, self.set(), self.block(), memory.plan);
  }
};

/// The plans of a step on NVIDIA; and every plan, with rejected drafts, lengths of padding and draft steps.
using attention_plans_kernel = plans_kernel<attention_rules, no_q_shard>;
using every_plan_kernel = plans_kernel<every_rule, adjusted_lengths>;

/// Every plan beside a short step, which stays in int32: in int64 it takes longer than most plans.
struct step_plans_kernel {
  using step = tables_kernel<NSAMETA_SETS_PER_LAUNCH>;
  static constexpr int block_threads = tuning::block_threads, resident_threads = tuning::int64_threads;
  struct arguments {
    shard_constants shards;
    request_batch<std::int64_t> batch;
    step::arguments rest;
    plan_list<every_rule> plans;
  };
  union shared {
    plan_memory plan;
    block_memory<std::int64_t> sums;
    step::shared rest;
  };
  template <thread_context T>
  static NSAMETA_DEVICE void run(T& self, const arguments& all, shared& memory) {
    if (self.block() >= all.plans.blocks)
      return step::run_block(self, self.block() - all.plans.blocks, all.rest, memory.rest);
    const vector_outputs<std::int64_t> lengths = lengths_of_set(all.rest.sets[self.set()]);
    const request_batch<std::int64_t> batch = batch_of_set<own_rows>(all.batch, lengths);
    const general_rule<own_rows> rule{{}, all.shards};
    block_work<std::int64_t, T, general_rule<own_rows>> at{self, batch, lengths, rule, memory.sums};
    all.plans.write_block(at, self.set(), self.block(), memory.plan);
  }
};

template <class K>
inline constexpr bool has_plans = requires(const typename K::arguments& all) { all.plans; };

template <class... K>
struct type_list {
  static_assert(((sizeof(typename K::arguments) <= (has_plans<K> ? most_argument_bytes : 4096)) && ...));
  static constexpr int count = sizeof...(K);
  template <class Wanted>
  static constexpr int place_of = [](int place = 0) {
    static_assert((std::is_same_v<Wanted, K> || ...));
    (void)((std::is_same_v<Wanted, K> || (++place, false)) || ...);
    return place;
  }();
};

/// Those of short steps first.
using kernels =
    type_list<uniform_lengths_kernel, vectors_kernel<true>, vectors_kernel<false>, tables_kernel<1>,
              tables_kernel<NSAMETA_SETS_PER_LAUNCH>, full_kernel<std::int32_t>, full_kernel<std::int64_t>,
              full_kernel<std::int64_t, any_q_shard>, attention_plans_kernel, every_plan_kernel, step_plans_kernel>;
inline constexpr int kernel_count = kernels::count;
/// As a decision calls them.
inline constexpr const char* kernel_names[kernel_count] = {
    "uniform_lengths", "lengths",      "vectors",         "tables", "tables_of_sets", "full_int32",
    "full_int64",      "full_q_shard", "attention_plans", "plans",  "step_plans"};
/// By which a runtime knows a kernel.
template <class K>
inline constexpr int kernel_id = kernels::place_of<K>;

}  // namespace nsameta::gpu
