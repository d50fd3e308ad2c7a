/// Works out what kernels are launched with. How many blocks a piece of work gets is a guess from what the host knows
/// without reading a length: too few are slower, never wrong.
#pragma once

#include <algorithm>
#include <bit>
#include <new>

#include "common/arithmetic.h"
#include "gpu/arguments.h"
#include "gpu/plans/kinds.h"
#include "problem.h"

namespace nsameta::gpu {

constexpr std::int64_t rounded_up(std::int64_t work, std::int64_t per_block) {
  return work / per_block + (work % per_block != 0);
}
constexpr std::int32_t log2_below(std::int64_t number) {
  return std::bit_width(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 1))) - 1;
}

/// What the host knows beyond the problem and the outputs.
struct launch_bounds {
  std::int64_t rows;    ///< to expect
  std::int64_t blocks;  ///< that a grid should have at most
};

inline constexpr int smallest_warp = 32;
/// Sizes that fit int32 with room for what is added to a position.
inline constexpr std::int64_t int32_reach = std::int64_t{1} << 30;

/// What some sets of outputs of a problem want.
struct wanted_work {
  const nsameta_problem& problem;
  const nsameta_outputs* outputs;
  int sets;
  batch_lengths lengths;
  std::int64_t request_rows;                     ///< on average, as far as the host knows
  std::int64_t longest = 0;                      ///< capacity of the longest vector
  std::int64_t table_rows = 0, table_width = 0;  ///< of the largest page table that has a tail
  bool vectors = false, tables = false;
  bool pages_alone = true;  ///< no table but real_page_table
  bool vector_tails = false, table_tails = false, status = false;
  bool lengths_only = true;    ///< nothing but the two length fields
  bool int64_outputs = false;  ///< or such as int64 alone serves
  bool own_rows = false;       ///< whether a set has other rows than the batch
  bool adjusts = false;        ///< by a rule whose `adjusts_lengths` says so
  bool plans = false;
  bool other_plans = false;  ///< such as the attention on NVIDIA does without

  /// Whether each row can be written without those before it.
  bool is_uniform_lengths() const {
    return lengths_only && lengths.tokens == nullptr && sets == 1 && !plans && !own_rows;
  }
  /// Whether the kernels of short steps serve it.
  bool is_short_step() const {
    return !vector_tails && !table_tails && !status && request_rows <= tuning::short_rows &&
           (problem.batch_size <= tuning::few_requests || is_uniform_lengths());
  }
};

inline wanted_work work_of(const nsameta_problem& problem, const nsameta_outputs* outputs, int sets,
                           std::int64_t row_bound) {
  const batch_lengths lengths = lengths_of(problem);
  wanted_work work{problem, outputs, sets, lengths,
                   lengths.uniform_rows > 0 ? lengths.uniform_rows
                                            : rounded_up(row_bound, std::max<std::int64_t>(problem.batch_size, 1))};
  work.adjusts = problem.num_rejected.data != nullptr;
  for (int i = 0; i < sets; ++i) {
    const nsameta_outputs& out = outputs[i];
    work.tables |= wants_tables(out);
    work.plans |= wants_plans(out);
    work.own_rows |= has_own_rows(problem, out);
    work.adjusts |= shows_seq_pad(problem, out);
    for (const nsameta_plan& plan : plans_of(out)) work.other_plans |= !attention_rules::has(plan.kind);
    work.pages_alone &= !present(out.page_table_1) && !present(out.local_page_table_1);
    work.int64_outputs |=
        present(out.local_page_table_1) || present(out.local_cache_seqlens) || wants_step_vectors(out);
    if (wants_tables(out) && out.table_tail != NSAMETA_TAIL_KEEP) {
      work.table_tails = true;
      for (const table_field& field : table_fields) {
        const nsameta_table& table = out.*field.member;
        if (table.data == nullptr) continue;
        work.table_rows = std::max(work.table_rows, table.rows);
        work.table_width = std::max(work.table_width, table.width);
      }
    }
    for_each_wanted(out, [&]<std::size_t place>(const nsameta_vector& vector) {
      constexpr vector_field field = vector_fields[place];
      if constexpr (field.member == &nsameta_outputs::status) {
        work.status = true;
      } else {
        work.vectors = true;
        work.vector_tails |=
            out.vector_tail != NSAMETA_TAIL_KEEP || (field.is_row_length() && padding_end(problem, out) > 0);
        work.lengths_only &= field.is_row_length();
        work.int64_outputs |= field.valid == validity::without_kv_shard || vector.dtype == NSAMETA_INT64;
        work.longest = std::max(work.longest, vector.capacity);
      }
      return true;
    });
  }
  work.lengths_only &= !work.tables;
  return work;
}

/// Whether neither shards nor pools are on and everything fits int32: strides, lengths that the outputs' offset moves,
/// rows that are written, and columns. Sums may be longer than that: int32 outputs of them end at 2^31 - 1.
inline bool fits_int32(const wanted_work& work) {
  const nsameta_problem& problem = work.problem;
  const auto is_near = [](const nsameta_strided& array) { return array.stride < int32_reach / 8; };
  if (!is_plain(problem) || work.int64_outputs || problem.batch_size > tuning::short_requests ||
      work.longest >= int32_reach || !is_near(problem.seq_lens) || !is_near(problem.extend_seq_lens))
    return false;
  const bool long_rows = !work.lengths.query_within_kv && work.request_rows > tuning::table_rows;
  const bool is_power = (problem.page_size & (problem.page_size - 1)) == 0;
  if (work.tables && (long_rows || !is_power || !is_near(problem.req_pool_indices) ||
                      problem.req_to_token.slots > int32_max || problem.req_to_token.width >= int32_reach))
    return false;
  return std::all_of(work.outputs, work.outputs + work.sets, [&](const nsameta_outputs& out) {
    const auto is_near_table = [&](const nsameta_table& table) {
      return table.data == nullptr ||
             (table.rows <= int32_max && (out.table_tail == NSAMETA_TAIL_KEEP || table.width < int32_reach));
    };
    const std::int64_t added = added_length(out);
    return added < int32_reach && added >= (is_int64(problem.seq_lens) ? 0 : 1 - int32_reach) &&
           is_near_table(out.page_table_1) && is_near_table(out.real_page_table);
  });
}

template <class N>
integer_array<N> array_of(const nsameta_strided& from) {
  return {from.data, static_cast<N>(from.stride * (is_int64(from) ? 8 : 4)), is_int64(from)};
}

/// Takes over a vector of the outputs.
struct take_vector {
  const nsameta_outputs& out;
  template <class N, class Field>
  NSAMETA_HOST_DEVICE void operator()(output_vector<N>& to, Field field) const {
    const nsameta_vector& from = out.*field.row.member;
    to = {};
    if (from.data == nullptr) return;
    to.data = static_cast<decltype(to.data)>(from.data);
    to.capacity = static_cast<N>(from.capacity);
    if constexpr (is_general<N>) to.is_int64 = from.dtype == NSAMETA_INT64;
  }
  template <class Field>
  NSAMETA_HOST_DEVICE void operator()(output_bytes& to, Field field) const {
    const nsameta_vector& from = out.*field.row.member;
    to = {};
    if (from.data == nullptr) return;
    to.data = static_cast<std::uint8_t*>(from.data);
    to.capacity = smaller(from.capacity, (std::int64_t{1} << 61) - 1);  // what its bits hold
  }
};

/// Takes over a table of the outputs.
struct take_table {
  const nsameta_outputs& out;
  template <class N>
  NSAMETA_HOST_DEVICE void operator()(output_table<N>& to, table_member member) const {
    const nsameta_table& from = out.*member;
    to = {};
    if (from.data != nullptr) to = {from.data, from.row_stride, clipped<N>(from.rows), clipped<N>(from.width)};
  }
};

template <class N>
void plan_set(const nsameta_outputs& out, const batch_lengths& lengths, bool own_rows, bool pads_rows,
              output_set<N>& set, set_tails& tails) {
  for_each_table(set, take_table{out});
  const std::int64_t drafts = lengths.drafts && !own_rows ? lengths.uniform_rows : 0, added = added_length(out);
  set.kv_least = static_cast<N>(-added);
  set.kv_most = clipped<N>(int32_max - (own_rows ? 0 : lengths.reserved()) - added);
  set.kv_added = static_cast<N>(drafts + added);  // may wrap, and back again when it is added
  set.row_limit = static_cast<N>(rows_to_write(out, std::int64_t{1} << 62));
  for_each_vector(set, take_vector{out});
  if constexpr (is_general<N>) {
    set.is_padding.has_step_vectors = wants_step_vectors(out);
    set.is_padding.own_rows = own_rows;
  } else {
    set.own_rows = own_rows;
  }
  pads_rows &= present(out.seqlens_expanded) || present(out.nsa_cache_seqlens);
  tails = {static_cast<std::uint32_t*>(out.status.data), out.vector_tail != NSAMETA_TAIL_KEEP, pads_rows,
           out.table_tail != NSAMETA_TAIL_KEEP, out.table_tail == NSAMETA_TAIL_VALUE ? out.table_tail_value : 0};
}

/// `blocks`: at most, of one set of outputs.
template <class N>
table_source<N> table_source_of(const wanted_work& work, std::int64_t blocks) {
  const nsameta_problem& problem = work.problem;
  const std::int64_t tile = (std::int64_t{1} << tuning::small_tile) * (work.pages_alone ? problem.page_size : 1);
  const std::int64_t tiles = std::clamp<std::int64_t>(rounded_up(problem.req_to_token.width, tile), 1, int32_max);
  const std::int64_t longest = tiles * std::min<std::int64_t>(problem.batch_size, tuning::table_group);
  const std::int64_t groups = rounded_up(problem.batch_size, tuning::table_group);
  const std::int32_t shift =
      log2_below(std::min({blocks / std::max<std::int64_t>(groups, 1),
                           rounded_up(longest * smallest_warp, tuning::block_threads), tuning::group_blocks}));
  return {.blocks = static_cast<std::int32_t>(groups << shift),
          .blocks_shift = shift,
          .row_a_request = {},
          .page = paging<N>::of(problem.page_size),
          .slots = static_cast<N>(problem.req_to_token.slots),
          .width = static_cast<N>(problem.req_to_token.width),
          .req_pool_indices = array_of<N>(problem.req_pool_indices),
          .req_to_token = problem.req_to_token.data,
          .stride = problem.req_to_token.row_stride};
}

/// Plans sets of outputs of a problem. Kernels that need less take what they need of it.
template <class N>
void plan(const wanted_work& work, const launch_bounds& bounds, bool is_short_step, full_arguments<N>& all) {
  const nsameta_problem& problem = work.problem;
  const batch_lengths& lengths = work.lengths;
  const std::int64_t requests = problem.batch_size, rows = work.request_rows, blocks = bounds.blocks / work.sets;
  for (int i = 0; i < work.sets; ++i)
    plan_set(work.outputs[i], lengths, has_own_rows(problem, work.outputs[i]),
             padding_end(problem, work.outputs[i]) > 0, all.sets[i], all.tails[i]);
  if constexpr (is_general<N>) all.shards = shard_constants::of(problem, lengths.limit);

  // One lane a row; fewer where blocks would else have to take several groups of requests in turn.
  const std::int64_t room = is_short_step
                                ? smallest_warp
                                : tuning::vector_blocks * tuning::block_threads / std::max<std::int64_t>(requests, 1);
  const std::int64_t lanes = rows <= tuning::short_rows
                                 ? std::min(std::max<std::int64_t>(rows, 1), std::int64_t{1} << log2_below(room))
                                 : std::clamp<std::int64_t>(room, tuning::short_rows, smallest_warp);
  request_batch<N>& batch = all.batch;
  batch.lanes_shift = std::bit_width(static_cast<std::uint64_t>(lanes - 1));
  std::int64_t groups =
      work.vectors ? std::max<std::int64_t>(1, rounded_up(requests, tuning::block_threads >> batch.lanes_shift)) : 0;
  batch.seq_lens = array_of<N>(problem.seq_lens);
  batch.extend_seq_lens =
      lengths.tokens != nullptr ? array_of<N>(problem.extend_seq_lens) : integer_array<N>{problem.seq_lens.data, 0, 0};
  if constexpr (is_general<N>) batch.rejected = array_of<N>(problem.num_rejected);
  if constexpr (is_general<N>) batch.seq_pad = lengths.seq_pad;
  batch.requests = static_cast<std::int32_t>(requests);
  batch.uniform_rows = lengths.uniform_rows > 0 ? lengths.uniform_rows : -1;
  batch.uniform_query = lengths.tokens != nullptr ? -1 : lengths.uniform_rows;
  batch.ragged_drafts = lengths.drafts && lengths.tokens != nullptr ? -1 : 0;
  batch.limit = lengths.limit;
  batch.topk = std::min(problem.index_topk, lengths.limit);
  batch.live = lengths.live;
  batch.vector_blocks = static_cast<std::int32_t>(groups);
  all.source = {};
  if (work.tables) all.source = table_source_of<N>(work, blocks);
  all.source.row_a_request = lengths.query_within_kv;
  all.lengths_only = work.lengths_only;
  all.reserved = lengths.reserved();
  all.padded = static_cast<std::int32_t>(problem.pad_rows_to);
  all.block_groups = 1;
  all.shares_shift = all.status_blocks = all.tail_blocks = 0;
  if (is_short_step) return;

  const std::int64_t most = rows <= tuning::short_rows ? tuning::vector_blocks : std::max<std::int64_t>(blocks, 1);
  all.block_groups = static_cast<std::int32_t>(std::max<std::int64_t>(1, rounded_up(groups, most)));
  groups = rounded_up(groups, all.block_groups);
  all.shares_shift =
      log2_below(std::min(blocks / std::max<std::int64_t>(groups, 1), (rows >> batch.lanes_shift) / tuning::lane_rows));
  batch.vector_blocks = static_cast<std::int32_t>(groups << all.shares_shift);
  all.status_blocks = work.status;
  if (work.vector_tails || work.table_tails) {
    const std::int64_t live = lengths.uniform_rows > 0 ? requests * rows : 0;
    const std::int64_t elements =
        std::max(work.vector_tails ? work.longest - live : 0,
                 saturating_product(std::max<std::int64_t>(work.table_rows - live, 0), work.table_width));
    all.tail_blocks =
        static_cast<std::int32_t>(std::clamp<std::int64_t>(elements / tuning::tail_elements, 1, tuning::tail_blocks));
  }
}

/// Blocks of the grid's row for a plan, of `most` at most. `tables`: plans of the set that have columns, which share
/// the blocks.
inline std::int32_t blocks_of(const nsameta_plan& plan, const nsameta_problem& problem, std::int64_t most,
                              std::int64_t tables) {
  std::int64_t blocks = 1;
  const plan_buffer& first = row_of(plan.kind).buffers[0];
  const std::int64_t each = lengths_of(problem).uniform_rows;
  const auto most_held = [&] {  // rows that a buffer holds
    std::int64_t held = 0;
    for (std::size_t i = 0; i < row_of(plan.kind).buffers.size(); ++i) held = std::max(held, rows_held(plan, i));
    return held;
  };
  const auto most_rows = [&] {  // of the batch
    return each > 0 ? std::min(most_held(), std::max(each * problem.batch_size, problem.pad_rows_to)) : most_held();
  };
  switch (plan.kind) {
    case NSAMETA_PLAN_PAGE_LIST:
    case NSAMETA_PLAN_RAGGED_BLOCKS:
      blocks = most_held() / tuning::list_elements;
      break;
    case NSAMETA_PLAN_COMPRESSED_EVENTS:
    case NSAMETA_PLAN_COMPRESSED_CARRIES:
    case NSAMETA_PLAN_STATE_COMPRESS:
    case NSAMETA_PLAN_STATE_WRITE:
      if (each > 0 && are_few(each, problem.batch_size)) break;
      [[fallthrough]];
    case NSAMETA_PLAN_RAGGED_ROWS:
      blocks = most_rows() / tuning::list_elements;
      break;
    case NSAMETA_PLAN_COMPRESSED_ROWS:
    case NSAMETA_PLAN_LOCAL_SLOTS:
      blocks = most_rows() / (each > 0 ? tuning::plan_elements : tuning::list_elements);
      break;
    case NSAMETA_PLAN_COMPRESSED_INDICES:
    case NSAMETA_PLAN_COMPRESSED_BLOCKS:
    case NSAMETA_PLAN_WINDOW:
      blocks = std::max(std::min(most_rows() / tuning::table_block_rows, most / tables), tuning::table_blocks);
      break;
    case NSAMETA_PLAN_CONTEXT_LENS:
    case NSAMETA_PLAN_DCP_LOCAL:
    case NSAMETA_PLAN_ZIGZAG:
    case NSAMETA_PLAN_STATE_DECODE:
    case NSAMETA_PLAN_COMPRESSED_CANDIDATES:
      blocks = rows_of(plan, first, problem, 1) * columns_of(plan, first, problem) / tuning::plan_elements;
      break;
    default:
      break;
  }
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(blocks, 1, most));
}

/// Lists the plans of the first of some sets, as many sets as there is room for; how many those are.
template <class Rules>
int list_plans(const wanted_work& work, const launch_bounds& bounds, plan_list<Rules>& list) {
  const nsameta_problem& problem = work.problem;
  list.blocks = list.begin[0] = 0;
  list.inputs = {array_of<std::int64_t>(problem.topk_lens), array_of<std::int64_t>(problem.extra_topk_lens),
                 array_of<std::int64_t>(problem.num_logits), row_inputs::of(problem)};
  for (int set = 0; set < work.sets; ++set) {
    std::int32_t next = list.begin[set];
    const std::span<const nsameta_plan> plans = plans_of(work.outputs[set]);
    if (next + std::ssize(plans) > list.most) return set;
    list.first_values[set] = std::max<std::int64_t>(work.outputs[set].row_values_from - 1, 0);
    std::int32_t blocks = 0;
    const std::int64_t tables = std::ranges::count_if(
        plans, [](const nsameta_plan& plan) { return has(row_of(plan.kind), &nsameta_plan::columns); });
    with_problem_of(work.outputs[set], problem, [&](const nsameta_problem& own) {
      for (const nsameta_plan& plan : plans) {
        plan_task<Rules>& task = list.tasks[next++];
        task.kind = plan.kind;
        task.blocks = blocks_of(plan, own, std::max<std::int64_t>(bounds.blocks / work.sets, 1), tables);
        for (std::size_t i = 0; i < task.most_buffers; ++i)
          task.buffers[i] = static_cast<std::int32_t*>(plan.buffers[i].data);
        Rules::visit(plan.kind, [&]<class Rule>() { new (task.rule) Rule(Rule::of(plan, own)); });
        blocks += task.blocks;
      }
    });
    list.begin[set + 1] = static_cast<std::int16_t>(next);
    list.blocks = std::max(list.blocks, blocks);
  }
  return work.sets;
}

}  // namespace nsameta::gpu
