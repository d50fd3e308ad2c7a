/// From a recipe to its problem and buffers.
#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "draw_plans.h"
#include "harness/generator.h"
#include "harness/random.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::harness {
namespace {

std::vector<std::int64_t> fill_lengths(random_source& random, const case_recipe& recipe, std::int64_t low,
                                       std::int64_t high, std::int64_t giant) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(recipe.batch_size), random.between(low, high));
  if (recipe.pattern == length_pattern::uniform || recipe.stride == 0 || lengths.empty()) return lengths;
  for (std::int64_t& length : lengths)
    length = recipe.pattern == length_pattern::zero_heavy && random.chance(90) ? 0 : random.between(low, high);
  if (recipe.pattern == length_pattern::one_giant)
    lengths[static_cast<std::size_t>(random.between(0, recipe.batch_size - 1))] = giant;
  return lengths;
}

void spoil(random_source& random, std::vector<std::int64_t>& lengths, nsameta_dtype dtype, bool may_be_huge) {
  for (std::int64_t& length : lengths) {
    if (!random.chance(15)) continue;
    if (may_be_huge && random.chance(50)) {
      length = dtype == NSAMETA_INT64 ? random.between(1LL << 31, 1LL << 62) : std::numeric_limits<std::int32_t>::max();
    } else {
      length = dtype == NSAMETA_INT64 && random.chance(50) ? std::numeric_limits<std::int64_t>::min()
                                                           : -random.between(1, 1 << 30);
    }
  }
}

/// With a stride of 0 the first stands for all.
strided_values values_of(std::vector<std::int64_t> values, const case_recipe& recipe) {
  if (recipe.stride == 0 && !values.empty()) values.assign(values.size(), std::int64_t{values.front()});
  return strided_values(values, recipe.length_dtype, recipe.stride);
}

void set_lengths(random_source& random, const case_recipe& recipe, problem_data& problem) {
  const std::int64_t requests = std::max<std::int64_t>(recipe.batch_size, 1);
  const std::int64_t share = std::max<std::int64_t>(recipe.max_rows / requests, 1);
  const mode_row& mode = row_of(recipe.mode);
  const bool ragged_queries = mode.takes_ragged && !(mode.takes_uniform && recipe.uniform_queries);

  if (mode.takes_uniform && !ragged_queries)
    problem.uniform_extend_len = random.between(1, std::min<std::int64_t>(share, 8));

  std::vector<std::int64_t> seq_lens = fill_lengths(random, recipe, 0, recipe.max_context, recipe.max_context);
  std::vector<std::int64_t> queries;
  if (ragged_queries) {
    const std::int64_t usual = std::min<std::int64_t>(share, mode.rows_within_cache ? 512 : 8);
    const std::int64_t giant = std::max<std::int64_t>(recipe.max_rows / 2, 1);
    queries = fill_lengths(random, recipe, 0, usual, giant);
  }
  // In `extend` the new tokens are part of the context; only bad lengths break that.
  if (mode.rows_within_cache)
    for (std::size_t r = 0; r < seq_lens.size(); ++r)
      seq_lens[r] = std::max(seq_lens[r], ragged_queries ? queries[r] : problem.uniform_extend_len);

  if (recipe.bad_lengths) {
    spoil(random, seq_lens, recipe.length_dtype, true);
    spoil(random, queries, recipe.length_dtype, false);
    for (std::int64_t& s : seq_lens)
      if (random.chance(10)) s = random.between(0, 3);
  }
  problem.seq_lens = values_of(seq_lens, recipe);
  if (!ragged_queries) return;
  problem.extend_seq_lens = values_of(queries, recipe);
  if (recipe.left_aligned && mode.takes_both)  // more tokens than rows now and then
    problem.uniform_extend_len = random.between(1, 8);
}

void set_token_table(random_source& random, const case_recipe& recipe, std::int64_t page_table_rows,
                     token_table& table) {
  // Few slots, which requests then share, leave room for many columns.
  table.slots = random.chance(50) ? recipe.batch_size + random.between(1, 3) : random.between(1, 9);
  const std::int64_t rows = std::max({table.slots, page_table_rows, std::int64_t{1}});
  table.width =
      std::clamp<std::int64_t>(recipe.max_table_elements / rows, 1, recipe.max_context + random.between(0, 8));
  table.row_stride = table.width + random.between(0, 5);
  table.first = random.chance(50) ? 0 : random.between(1, 7);
  table.memory.resize(static_cast<std::size_t>(table.first + table.slots * table.row_stride));
  for (std::int32_t& kv_slot : table.memory) {
    const std::uint64_t word = random.word();
    kv_slot = word % 64 == 0 ? -1 - static_cast<std::int32_t>(word >> 60) : static_cast<std::int32_t>(word >> 33);
  }
}

/// Blocks for most of what a request sees.
void set_block_table(random_source& random, const case_recipe& recipe, problem_data& problem) {
  token_table& table = problem.block_table;
  table.slots = recipe.batch_size + random.between(recipe.batch_size == 0, 2);
  const std::int64_t span = std::int64_t{problem.block_size} * problem.kv_shard.size;
  table.width =
      std::min<std::int64_t>(recipe.max_table_elements / table.slots, recipe.max_context / span) + random.between(0, 2);
  table.row_stride = table.width + random.between(0, 3);
  table.first = random.between(0, 3);
  table.memory.resize(static_cast<std::size_t>(table.first + table.slots * table.row_stride) + 1);
  for (std::int32_t& block : table.memory) block = static_cast<std::int32_t>(random.between(-1, 1 << 20));
}

void set_slots(random_source& random, const case_recipe& recipe, problem_data& problem) {
  const std::int64_t slots = problem.req_to_token.slots;
  const bool wide = recipe.length_dtype == NSAMETA_INT64;
  const std::array<std::int64_t, 4> bad{-1, slots, std::numeric_limits<std::int32_t>::min(),
                                        wide ? std::int64_t{1} << 32 : std::numeric_limits<std::int32_t>::max()};
  std::vector<std::int64_t> indices(static_cast<std::size_t>(recipe.batch_size));
  for (std::int64_t& index : indices)
    index = recipe.bad_slots && random.chance(10) ? random.pick(bad) : random.between(0, slots - 1);
  problem.req_pool_indices = values_of(indices, recipe);
}

bool asks_for(batch_kind kind, vector_member field) {
  if (kind == batch_kind::any) return true;
  if (kind == batch_kind::lengths)
    return field == &nsameta_outputs::seqlens_expanded || field == &nsameta_outputs::nsa_cache_seqlens;
  if (field == &nsameta_outputs::status) return kind == batch_kind::status;
  return field != &nsameta_outputs::indexer_ks && field != &nsameta_outputs::indexer_ke &&
         field != &nsameta_outputs::local_cache_seqlens;
}

bool asks_for(const case_recipe& recipe, std::size_t table) {
  if (recipe.tables == table_choice::all)
    return recipe.kind == batch_kind::any || table_fields[table].shows != column::local_position;
  return table == static_cast<std::size_t>(recipe.tables) - static_cast<std::size_t>(table_choice::page_table_1);
}

void set_vector_layout(random_source& random, const case_recipe& recipe, std::int64_t rows, generated_case& result) {
  const std::int64_t spare = random.between(1, 70);
  const std::int64_t cut = random.between(1, std::max<std::int64_t>(rows, 1));
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    vector_layout& vector = result.layout.vectors[i];
    if (!field.step_vector) vector.wanted = field_applies(field, result.problem) && asks_for(recipe.kind, field.member);
    if (result.previous && !field_applies(field, *result.previous)) vector.wanted = false;
    if (!recipe.all_fields && random.chance(50)) vector.wanted = false;
    vector.dtype = field.dtype(recipe.cu_dtype == NSAMETA_INT64);
    vector.misalignment = random.chance(50) ? 0 : random.between(1, 7);
    if (recipe.capacity == capacity_rule::spare && field.size != extent::one) vector.capacity += spare;
    if (recipe.capacity == capacity_rule::short_ && field.per_row())
      vector.capacity = std::max<std::int64_t>(vector.capacity - cut, 0);
  }
}

void set_table_layout(random_source& random, const case_recipe& recipe, table_layout& table) {
  if (recipe.capacity == capacity_rule::spare) table.rows += random.between(1, 5);
  if (recipe.capacity == capacity_rule::short_) table.rows = random.between(0, table.rows);
  if (recipe.table_width == width_rule::narrower) table.width = random.between(0, table.width);
  if (recipe.table_width == width_rule::wider) table.width += random.between(1, 70);
  table.row_stride = table.width + (random.chance(50) ? 0 : random.between(1, 9));
  table.misalignment = random.chance(50) ? 0 : random.between(1, 7);
}

void set_layout(random_source& random, const case_recipe& recipe, generated_case& result) {
  const problem_data batch = recipe.draft_step > 0 ? result.problem.draft() : result.problem;
  const live_shape shape = live_shape_of(batch, recipe.length_offset + recipe.draft_step);
  result.layout = exact_layout(batch, shape);
  if (recipe.step_vectors) result.layout.ask_for_step_vectors(result.problem);
  if (result.previous) result.layout.make_room(exact_layout(*result.previous, live_shape_of(*result.previous)));
  result.layout.vector_tail = recipe.vector_tail;
  result.layout.table_tail = recipe.table_tail;
  result.layout.table_tail_value = recipe.table_tail == NSAMETA_TAIL_VALUE ? -7 : 0;
  result.layout.length_offset = recipe.length_offset;
  result.layout.draft_step = recipe.draft_step;
  set_vector_layout(random, recipe, shape.rows, result);
  if (recipe.tables == table_choice::none) return;
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    set_table_layout(random, recipe, result.layout.tables[i]);
    result.layout.tables[i].wanted = asks_for(recipe, i);
  }
}

/// Few, and some that are none.
void set_rejected(random_source& random, const case_recipe& recipe, problem_data& problem) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(problem.batch_size()));
  for (std::int64_t& count : counts) count = random.between(0, 4) - (recipe.bad_lengths && random.chance(10) ? 7 : 0);
  if (recipe.bad_lengths && !counts.empty() && random.chance(20))
    counts.front() = std::numeric_limits<std::int32_t>::max();
  problem.num_rejected = values_of(counts, recipe);
}

/// The lengths that plans alone read.
void set_plan_lens(random_source& random, const case_recipe& recipe, bool own, bool extra, bool logits,
                   problem_data& problem) {
  const auto draw = [&](std::int64_t most) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(problem.batch_size()));
    for (std::int64_t& value : values) value = random.between(-3, most);
    return values_of(values, recipe);
  };
  if (own) problem.topk_lens = draw(2048);
  if (extra) problem.extra_topk_lens = draw(200);
  if (logits) problem.num_logits = draw(6);
}

/// Most KV slots of req_to_token are made to be in it.
void set_full_to_swa(random_source& random, problem_data& problem) {
  const std::int64_t slots = random.between(1, 1000);
  std::vector<std::int64_t> window(static_cast<std::size_t>(slots));
  for (std::int64_t& slot : window) slot = random.between(-1, 1 << 20);
  problem.full_to_swa = strided_values(window, random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32, random.between(1, 2));
  for (std::int32_t& kv_slot : problem.req_to_token.memory)
    if (kv_slot >= 0) kv_slot = static_cast<std::int32_t>(kv_slot % (slots + slots / 20));
}

/// No pool lies on two ranks.
nsameta_kv_shard whole_pools(nsameta_kv_shard shard, std::int32_t pool) {
  if (shard.size > 1) shard.interleave = (shard.interleave + pool - 1) / pool * pool;
  return shard;
}

/// Another batch of the same requests' pool. Its lengths are drawn apart, so that those of the case itself are the same
/// with it and without.
problem_data earlier_problem(const case_recipe& recipe, const problem_data& problem) {
  random_source random(~recipe.seed);
  case_recipe earlier = recipe;
  earlier.batch_size = recipe.earlier == earlier_batch::larger
                           ? recipe.batch_size + random.between(1, std::min<std::int64_t>(recipe.batch_size + 3, 600))
                           : random.between(0, recipe.batch_size / 2);
  earlier.pattern = static_cast<length_pattern>(random.between(0, 3));
  if (problem.req_to_token.slots > 0)  // whose columns every row has
    earlier.max_rows = std::min(recipe.max_rows, recipe.max_table_elements / problem.req_to_token.width);
  problem_data previous = problem;
  set_lengths(random, earlier, previous);
  if (problem.req_pool_indices.present()) set_slots(random, earlier, previous);
  if (problem.block_table.slots > 0) set_block_table(random, earlier, previous);
  for (token_table& table : previous.block_tables)
    if (table.slots > 0) {  // a row for each request of a larger batch
      table.slots = std::max(table.slots, previous.batch_size());
      table.memory.resize(static_cast<std::size_t>(table.slots * table.row_stride) + 1, 3);
    }
  if (recipe.rejected) set_rejected(random, earlier, previous);
  set_plan_lens(random, earlier, problem.topk_lens.present(), problem.extra_topk_lens.present(),
                problem.num_logits.present(), previous);
  return previous;
}

void ask_for_plans(random_source& random, generated_case& made) {
  const std::vector<nsameta_plan> plans = draw_plans(random, made.problem);
  made.layout.ask_for_plans(plans, made.problem);
  if (made.previous) {
    output_layout before;
    before.ask_for_plans(plans, *made.previous);
    before.vectors = made.layout.vectors;
    before.tables = made.layout.tables;
    made.layout.make_room(before);
  }
  for (plan_layout& plan : made.layout.plans)
    for (std::size_t i = 0; i < row_of(plan.asked.kind).buffers.size(); ++i) {
      if (has_any_length(row_of(plan.asked.kind).buffers[i]) && random.chance(30))
        plan.capacities[i] = random.between(0, plan.capacities[i]);
      if (may_be_absent(row_of(plan.asked.kind), i) && random.chance(10)) plan.capacities[i] = plan_layout::absent;
    }
  made.layout.make_room_for_padding(made.problem);
  if (made.previous) made.layout.make_room_for_padding(*made.previous);
  if (random.chance(30)) made.layout.row_values_from = random.between(0, made.problem.view().row_values + 1);
}

}  // namespace

generated_case build_case(const case_recipe& recipe) {
  random_source random(recipe.seed);
  generated_case result{recipe, {}, {}, {}};
  problem_data& problem = result.problem;
  problem.mode = recipe.mode;
  problem.page_size = recipe.page_size;
  problem.index_topk = recipe.index_topk;
  problem.index_kpool = recipe.index_kpool;
  problem.kv_shard = whole_pools(recipe.kv_shard, recipe.index_kpool);
  problem.q_shard = recipe.q_shard;
  problem.context_limit = recipe.context_limit;
  problem.live_requests = recipe.live_requests;
  problem.seq_pad = recipe.seq_pad;
  set_lengths(random, recipe, problem);
  if (recipe.tables != table_choice::none) {
    set_token_table(random, recipe, live_shape_of(problem).table_rows, problem.req_to_token);
    set_slots(random, recipe, problem);
  }
  if (recipe.step_vectors) {
    const std::int32_t run = problem.kv_shard.size > 1 ? problem.kv_shard.interleave : 1;
    problem.block_size = std::max(recipe.block_size / run, 1) * run;  // as many positions on each rank
    if (random.chance(50)) problem.pad_slot = static_cast<std::int32_t>(random.between(-3, 3));
    if (random.chance(90)) set_block_table(random, recipe, problem);
  }
  if (recipe.rejected) {
    random_source rejected_random(recipe.seed + 3);
    set_rejected(rejected_random, recipe, problem);
  }
  random_source plans_random(recipe.seed + 2);
  if (recipe.plans) {
    const bool own = plans_random.chance(40), extra = plans_random.chance(20), logits = plans_random.chance(50);
    set_plan_lens(plans_random, recipe, own, extra, logits, problem);
    if (recipe.tables != table_choice::none && plans_random.chance(50)) set_full_to_swa(plans_random, problem);
    if (plans_random.chance(50)) set_row_inputs(plans_random, problem);
  }
  if (recipe.earlier != earlier_batch::none) result.previous = earlier_problem(recipe, problem);
  set_layout(random, recipe, result);
  if (recipe.plans) ask_for_plans(plans_random, result);
  return result;
}

}  // namespace nsameta::harness
