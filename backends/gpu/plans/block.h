/// What the blocks of all plans have in common. A block reads all lengths for itself.
#pragma once

#include "common/plans/line.h"
#include "common/plans/topk.h"
#include "gpu/requests.h"

namespace nsameta::gpu {

/// What plans alone read.
struct plan_inputs {
  integer_array<std::int64_t> topk_lens, extra_topk_lens;  ///< null: constants
  integer_array<std::int64_t> num_logits;                  ///< null: 1
  row_inputs rows;                                         ///< of all sets
};

struct topk_counts {
  using number = std::int32_t;
  std::int32_t count[topk_rule::rungs];
};

/// Shared memory of a block.
struct plan_memory {
  union {
    std::int32_t line[tuning::plan_line + 1];          ///< where each request begins
    std::int64_t added_before[tuning::block_threads];  ///< of a list: what is added before each thread's share
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

/// A block of those that write a plan.
template <class Work, class Rule>
struct plan_block {
  Work& at;
  const plan_inputs& inputs;
  row_inputs rows;  ///< of the set
  const Rule& rule;
  std::int32_t* const* buffers;
  plan_memory& shared;
  int index, count;  ///< which of the plan's blocks it is
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
  return request_of(at, std::int64_t{index}, load_lengths(at, std::int64_t{index}));
}
/// Positions of its cache on this rank.
template <class Work>
NSAMETA_DEVICE std::int64_t cached_length(const Work& at, std::int32_t index) {
  return at.rule.local(whole_request(at, index).kv_len);
}

/// What this thread has of requests, rows or parts, one after another.
struct thread_share {
  std::int32_t each, begin, end;
};
template <thread_context T>
NSAMETA_DEVICE thread_share share_of(const T& self, std::int32_t count) {
  const std::int32_t each = (count + tuning::block_threads - 1) / tuning::block_threads;
  const std::int32_t begin = smaller(self.thread() * each, count);
  return {each, begin, smaller(begin + each, count)};
}

/// Calls `visit(index, request)` for each, with a few loads under way. `request_of_index(i)`: the request that i is of.
template <class Work, class Request, class Visit>
NSAMETA_DEVICE void visit_share(const Work& at, const thread_share& mine, const Request& request_of_index,
                                const Visit& visit) {
  constexpr int loads = tuning::plan_loads;
  NSAMETA_UNROLL(1)
  for (std::int32_t first = mine.begin; first < mine.end; first += loads) {
    raw_lengths raw[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      raw[k] = load_lengths(at, std::int64_t{request_of_index(smaller(first + k, mine.end - 1))});
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (first + k < mine.end) visit(first + k, request_of(at, std::int64_t{request_of_index(first + k)}, raw[k]));
  }
}
template <class Work, class Visit>
NSAMETA_DEVICE void visit_share(const Work& at, const thread_share& mine, const Visit& visit) {
  visit_share(at, mine, [](std::int32_t index) { return index; }, visit);
}

/// The same for every `stride`th index from `first` on.
template <class Work, class Request, class Visit>
NSAMETA_DEVICE void visit_every(const Work& at, std::int64_t first, std::int64_t stride, std::int32_t end,
                                const Request& request_of_index, const Visit& visit) {
  constexpr int loads = tuning::plan_loads;
  NSAMETA_UNROLL(1)
  for (; first < end; first += loads * stride) {
    const auto index = [&](int k) {
      return static_cast<std::int32_t>(smaller(first + k * stride, end - std::int64_t{1}));
    };
    raw_lengths raw[loads];
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k) raw[k] = load_lengths(at, std::int64_t{request_of_index(index(k))});
    NSAMETA_UNROLL(8)
    for (int k = 0; k < loads; ++k)
      if (first + k * stride < end) visit(index(k), request_of(at, std::int64_t{request_of_index(index(k))}, raw[k]));
  }
}
/// The same for this thread's of a plan's elements, which are dealt to the threads of all its blocks in turn.
template <class Work, class Rule, class Request, class Visit>
NSAMETA_DEVICE void visit_elements(const plan_block<Work, Rule>& plan, std::int32_t count,
                                   const Request& request_of_element, const Visit& visit) {
  constexpr std::int64_t threads = tuning::block_threads;
  visit_every(plan.at, plan.index * threads + plan.at.self.thread(), plan.count * threads, count, request_of_element,
              visit);
}

}  // namespace nsameta::gpu
