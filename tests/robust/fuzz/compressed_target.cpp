/// Any bytes as compressed caches, a sliding window and what the engine gives of rows.
#include <algorithm>
#include <vector>

#include "any_problem.h"
#include "harness/live_shape.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::test {
namespace {

using harness::output_layout;
using harness::problem_data;

void set_inputs(byte_reader& in, problem_data& problem) {
  if (in.flag()) problem.full_to_swa = any_lengths(in, in.between(1, 40), NSAMETA_INT32, 1);
  const std::int64_t rows = in.between(0, 40);
  if (in.flag() && problem.q_shard.size == 1)
    problem.out_cache_loc = any_lengths(in, rows, in.flag() ? NSAMETA_INT64 : NSAMETA_INT32, in.between(1, 2));
  if (in.flag()) problem.swa_floor = any_lengths(in, rows, NSAMETA_INT32, 1);
  if (in.flag()) problem.pad_rows_to = in.between(0, 60);
  harness::token_table& blocks = problem.block_tables[static_cast<std::size_t>(in.between(0, 3))];
  blocks.slots = problem.batch_size() + in.between(0, 1);
  blocks.width = in.between(0, 40);
  blocks.row_stride = blocks.width + in.between(0, 3);
  blocks.memory.resize(static_cast<std::size_t>(blocks.slots * blocks.row_stride) + 1);
  for (std::size_t i = 0; i < blocks.memory.size(); ++i) blocks.memory[i] = static_cast<std::int32_t>(i * 53) - 1;
}

/// What a plan of the kind has, of a cache with so many tokens an entry.
nsameta_plan any_plan(byte_reader& in, nsameta_plan_kind kind, std::int32_t ratio, const problem_data& problem) {
  const auto draw = [&](std::int64_t low, std::int64_t high) {
    return static_cast<std::int32_t>(in.between(low, high));
  };
  const auto has_member = [&](plan_member member) { return has(row_of(kind), member); };
  nsameta_plan plan{};
  plan.kind = kind;
  if (!row_of(kind).presets.empty()) plan.preset = draw(0, std::ssize(row_of(kind).presets) - 1);
  if (has_member(&nsameta_plan::ratio)) plan.ratio = ratio;
  if (has_member(&nsameta_plan::block)) plan.block = in.flag() ? draw(1, 255) : std::max(problem.page_size / ratio, 1);
  if (has_member(&nsameta_plan::blocks_from) && in.flag()) plan.blocks_from = draw(0, NSAMETA_BLOCK_TABLES);
  if (has_member(&nsameta_plan::invalid_tail)) plan.invalid_tail = in.flag();
  if (has_member(&nsameta_plan::overlap)) plan.overlap = in.flag();
  if (has_member(&nsameta_plan::topk)) plan.topk = draw(0, 255);
  if (has_member(&nsameta_plan::no_slot)) plan.no_slot = in.take<std::int8_t>();
  if (has_member(&nsameta_plan::ragged_align)) plan.ragged_align = draw(1, 70);
  if (has_member(&nsameta_plan::index_align)) plan.index_align = draw(1, 70);
  if (has_member(&nsameta_plan::columns)) plan.columns = draw(1, 80);
  if (has_member(&nsameta_plan::next_n)) plan.next_n = draw(1, 40);
  if (kind == NSAMETA_PLAN_WINDOW) {
    plan.window = draw(1, 200);
    plan.ring = plan.preset == NSAMETA_WINDOW_OF_RINGS ? plan.window + draw(0, 20) : 0;
    plan.oldest_first = in.flag();
    plan.whole_step = in.flag();
  }
  if (has_member(&nsameta_plan::slot_offset)) {
    const bool is_running = plan.preset == NSAMETA_STATE_RUNNING;
    plan.ring = is_running ? 1 : ratio * draw(2, 4);
    if (is_running) plan.slot_offset = draw(0, 255);
    if (plan.preset == NSAMETA_STATE_OF_WINDOW) plan.page_size = plan.ring * draw(1, 3);
  }
  return plan;
}

output_layout any_layout(byte_reader& in, problem_data& problem) {
  output_layout layout;  // of vectors the status alone
  const auto status = std::ranges::find(vector_fields, &nsameta_outputs::status, &vector_field::member);
  layout.vectors[static_cast<std::size_t>(status - vector_fields.begin())] = {true, 1, NSAMETA_INT32, 0};
  set_inputs(in, problem);
  const std::int32_t ratio = static_cast<std::int32_t>(in.flag() ? in.between(1, 255) : in.between(1, 8));
  std::vector<nsameta_plan> plans;
  for (std::size_t kind = NSAMETA_PLAN_COMPRESSED_ROWS; kind < plan_kinds.size(); ++kind)
    if (const nsameta_plan plan = any_plan(in, static_cast<nsameta_plan_kind>(kind), ratio, problem);
        problem.q_shard.size == 1 && harness::live_shape_of(problem).rows <= most_rows && plan_applies(plan, problem))
      plans.push_back(plan);
  layout.ask_for_plans(plans, problem);
  for (harness::plan_layout& plan : layout.plans)
    for (std::size_t i = 0; i < row_of(plan.asked.kind).buffers.size(); ++i) {
      const plan_buffer& buffer = row_of(plan.asked.kind).buffers[i];
      const std::int64_t columns = columns_of(plan.asked, buffer, problem.view());
      if (has_any_length(buffer) && in.flag())
        plan.capacities[i] = std::max<std::int64_t>(plan.capacities[i] + (in.between(0, 20) - 9) * columns, 0);
      if (may_be_absent(row_of(plan.asked.kind), i) && in.take<std::uint8_t>() < 30)
        plan.capacities[i] = harness::plan_layout::absent;
    }
  layout.make_room_for_padding(problem);
  if (in.flag()) layout.row_values_from = in.between(0, problem.view().row_values + 1);
  return layout;
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nsameta::test::compare_backends({data, size}, 200, nsameta::test::any_layout);
  return 0;
}
