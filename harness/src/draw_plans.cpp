#include "draw_plans.h"

#include <algorithm>
#include <array>

#include "harness/generator.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::harness {
namespace {

void draw_aiter(random_source& random, std::int64_t rows, nsameta_plan& plan) {
  if (rows > 4096) plan.preset = NSAMETA_AITER_FAST;  // little memory for pieces
  plan.block = random.pick(std::array<std::int32_t, 5>{16, 16, 1, 64, 1000});
  plan.page_size = random.chance(60) ? 1 : random.pick(std::array<std::int32_t, 4>{2, 16, 48, 64});
  plan.topk = random.chance(50) ? 0 : random.pick(std::array<std::int32_t, 3>{1, 512, 2048});
  plan.most_splits = random.chance(60) ? 0 : static_cast<std::int32_t>(random.between(1, 40));
  plan.head_ratio =
      plan.preset == NSAMETA_AITER_FAST || random.chance(60) ? 1 : static_cast<std::int32_t>(random.between(2, 5));
}

/// Whose blocks lie in the problem's pages more often than not.
void draw_compressed(random_source& random, const problem_data& problem, nsameta_plan& plan) {
  plan.ratio = random.pick(std::array<std::int32_t, 6>{4, 4, 128, 1, 2, 3});
  const auto has_member = [&](plan_member member) { return has(row_of(plan.kind), member); };
  if (has_member(&nsameta_plan::overlap)) plan.overlap = random.chance(50);
  if (has_member(&nsameta_plan::ragged_align))
    plan.ragged_align = random.pick(std::array<std::int32_t, 4>{1, 1, 64, 3});
  if (!has_member(&nsameta_plan::block)) return;
  const std::int32_t whole = problem.page_size % plan.ratio == 0 ? problem.page_size / plan.ratio : problem.page_size;
  plan.block = std::min(random.pick(std::array<std::int32_t, 4>{whole, whole, 2 * whole, 1}), 65536);
  if (problem.kv_shard.size > 1 && plan.block % problem.kv_shard.interleave != 0)
    plan.block = std::min(problem.kv_shard.interleave, 65536);
  if (has_member(&nsameta_plan::topk))
    plan.topk = random.chance(50) ? 0 : random.pick(std::array<std::int32_t, 3>{1, 16, 512});
  if (has_member(&nsameta_plan::no_slot)) plan.no_slot = random.pick(std::array<std::int32_t, 3>{0, -1, 7});
}

}  // namespace

void draw_state(random_source& random, nsameta_plan& plan) {
  const bool is_running = plan.preset == NSAMETA_STATE_RUNNING;
  plan.ring = is_running ? 1 : tokens_of_entry(plan) + plan.ratio * static_cast<std::int32_t>(random.between(0, 3));
  if (plan.preset == NSAMETA_STATE_OF_WINDOW)
    plan.page_size = plan.ring * static_cast<std::int32_t>(random.between(1, 3));
  if (is_running) plan.slot_offset = static_cast<std::int32_t>(random.between(0, 9));
}

void set_row_inputs(random_source& random, problem_data& problem) {
  const std::int64_t rows =
      std::min<std::int64_t>(live_shape_of(problem).rows + random.between(-1, 1), std::int64_t{1} << 16);
  const auto draw = [&](std::int64_t most) {
    std::vector<std::int64_t> values(static_cast<std::size_t>(std::max<std::int64_t>(rows, 0)));
    for (std::int64_t& value : values) value = random.between(-1, most);
    return strided_values(values, random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32, random.between(1, 2));
  };
  if (random.chance(50))
    problem.out_cache_loc = draw(problem.full_to_swa.present() ? problem.full_to_swa.size() : 1 << 30);
  if (random.chance(30)) problem.swa_floor = draw(2000);
  if (problem.q_shard.size == 1 && random.chance(10))
    problem.pad_rows_to = std::max<std::int64_t>(rows + random.between(-2, 70), 0);
  for (token_table& table : problem.block_tables) {
    if (!random.chance(30)) continue;
    table.slots = std::max<std::int64_t>(problem.batch_size(), 1);
    table.width = random.between(0, problem.batch_size() > 600 ? 8 : 40);
    table.row_stride = table.width + random.between(0, 3);
    table.memory.resize(static_cast<std::size_t>(table.slots * table.row_stride) + 1);
    for (std::int32_t& block : table.memory) block = static_cast<std::int32_t>(random.between(-1, 1 << 20));
  }
}

void draw_given(random_source& random, const problem_data& problem, nsameta_plan& plan) {
  const auto table = static_cast<std::int32_t>(random.between(1, NSAMETA_BLOCK_TABLES));
  if (has(row_of(plan.kind), &nsameta_plan::blocks_from) && problem.kv_shard.size == 1 &&
      problem.block_tables[static_cast<std::size_t>(table) - 1].slots > 0)
    plan.blocks_from = table;
  if (has(row_of(plan.kind), &nsameta_plan::invalid_tail)) plan.invalid_tail = random.chance(30);
}

namespace {

void draw_window(random_source& random, nsameta_plan& plan) {
  plan.window = random.pick(std::array<std::int32_t, 4>{128, 1, 4, 100});
  plan.ring =
      plan.preset == NSAMETA_WINDOW_OF_RINGS ? plan.window + static_cast<std::int32_t>(random.between(0, 9)) : 0;
  plan.oldest_first = random.chance(50);
  plan.whole_step = random.chance(30);
}

/// Columns of a table, and how many are written at a time. Little memory for rows.
void draw_columns(random_source& random, const problem_data& problem, nsameta_plan& plan) {
  if (has(row_of(plan.kind), &nsameta_plan::index_align))
    plan.index_align = random.pick(std::array<std::int32_t, 4>{64, 64, 1, 12});
  const std::int64_t most = (std::int64_t{1} << 19) / std::max<std::int64_t>(live_shape_of(problem).rows, 1);
  plan.columns =
      static_cast<std::int32_t>(std::min<std::int64_t>(random.between(1, 300), std::max<std::int64_t>(most, 1)));
}

}  // namespace

std::vector<nsameta_plan> draw_plans(random_source& random, const problem_data& problem) {
  constexpr std::array<std::int32_t, 8> parts{1, 2, 4, 33, 78, 132, 148, most_parts};
  std::vector<nsameta_plan> plans;
  const std::size_t kinds = random.chance(40) ? std::size_t{NSAMETA_PLAN_TOPK} + 1 : plan_kinds.size();
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    nsameta_plan plan{};
    plan.kind = static_cast<nsameta_plan_kind>(kind);
    if (!plan_kinds[kind].presets.empty())
      plan.preset = static_cast<std::int32_t>(random.between(0, std::ssize(plan_kinds[kind].presets) - 1));
    if (has(plan_kinds[kind], &nsameta_plan::ratio)) draw_compressed(random, problem, plan);
    if (plan.kind == NSAMETA_PLAN_WINDOW) draw_window(random, plan);
    if (has(plan_kinds[kind], &nsameta_plan::slot_offset)) draw_state(random, plan);
    if (has(plan_kinds[kind], &nsameta_plan::columns)) draw_columns(random, problem, plan);
    draw_given(random, problem, plan);
    if (!plan_applies(plan, problem)) continue;
    if (has(plan_kinds[kind], &nsameta_plan::parts)) plan.parts = random.pick(parts);
    if (plan.kind == NSAMETA_PLAN_TOPK && random.chance(50))
      plan.threshold = static_cast<std::int32_t>(random.between(1, 5000));
    if (plan.kind == NSAMETA_PLAN_ZIGZAG) {  // little memory for blocks
      plan.parts = random.pick(std::array<std::int32_t, 4>{1, 2, 3, 8});
      plan.rank = static_cast<std::int32_t>(random.between(0, plan.parts - 1));
    }
    if (plan.kind == NSAMETA_PLAN_AITER)
      draw_aiter(random, problem.batch_size() * lengths_of(problem.view()).uniform_rows, plan);
    if (has(plan_kinds[kind], &nsameta_plan::next_n)) plan.next_n = static_cast<std::int32_t>(random.between(1, 8));
    if (plan.kind == NSAMETA_PLAN_FLASHMLA) {
      plan.block = random.pick(std::array<std::int32_t, 5>{64, 64, 1, 48, 1024});
      plan.overhead = random.pick(std::array<std::int32_t, 5>{5, 5, 3, 0, 64});
      if (problem.topk_lens.present()) plan.topk = random.pick(std::array<std::int32_t, 3>{1, 512, 2048});
      if (problem.extra_topk_lens.present() || (plan.topk > 0 && random.chance(30))) plan.extra_topk = 128;
    }
    if (!random.chance(20)) plans.push_back(plan);
  }
  while (plans.size() > NSAMETA_MAX_PLANS) plans.erase(plans.begin() + random.between(0, std::ssize(plans) - 1));
  return plans;
}

}  // namespace nsameta::harness
