/// Any bytes as a problem and the shapes of what is written of it: vectors, tables, and plans of other libraries.
#include <algorithm>
#include <array>
#include <vector>

#include "any_problem.h"
#include "harness/live_shape.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::test {
namespace {

using harness::output_layout;
using harness::problem_data;

constexpr std::int64_t most_table_rows = 40;

std::vector<nsameta_plan> any_plans(byte_reader& in, problem_data& problem) {
  std::vector<nsameta_plan> plans(2);
  plans[0].kind = NSAMETA_PLAN_PAGED_MQA;
  plans[0].preset = static_cast<std::int32_t>(in.between(0, std::ssize(mqa_presets) - 1));
  plans[0].next_n = static_cast<std::int32_t>(in.between(1, 64));
  plans[1].kind = NSAMETA_PLAN_FLASHMLA;
  plans[1].preset = static_cast<std::int32_t>(in.between(0, 1));
  plans[1].block = static_cast<std::int32_t>(in.between(1, 1024));
  plans[1].overhead = static_cast<std::int32_t>(in.between(0, 64));
  if (in.flag()) plans[1].topk = static_cast<std::int32_t>(in.between(0, 4096));
  if (in.flag()) problem.topk_lens = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  for (nsameta_plan& plan : plans) plan.parts = static_cast<std::int32_t>(in.between(1, 300));
  const std::int64_t rows = problem.batch_size() * lengths_of(problem.view()).uniform_rows;
  if (rows > 0 && rows < most_rows) {
    plans.emplace_back().kind = NSAMETA_PLAN_TOPK;
    plans.back().threshold = in.take<std::uint16_t>();
    nsameta_plan& works = plans.emplace_back();
    works.kind = NSAMETA_PLAN_AITER;
    works.preset = static_cast<std::int32_t>(in.between(0, std::ssize(aiter_preset_names) - 1));
    works.parts = static_cast<std::int32_t>(in.between(1, 300));
    works.block = static_cast<std::int32_t>(in.between(1, 1024));
    works.page_size = in.flag() ? static_cast<std::int32_t>(in.between(1, 1024)) : 1;
    works.topk = in.flag() ? static_cast<std::int32_t>(in.between(0, 4096)) : 0;
    works.most_splits = static_cast<std::int32_t>(in.between(0, 40));
    works.head_ratio = works.preset == NSAMETA_AITER_FAST ? 1 : static_cast<std::int32_t>(in.between(1, 3));
  }
  plans.emplace_back().kind = NSAMETA_PLAN_PAGE_LIST;
  plans.back().preset = static_cast<std::int32_t>(in.between(0, 1));
  if (!plan_applies(plans.back(), problem)) plans.pop_back();
  if (rows > 0 && rows < most_rows) plans.emplace_back().kind = NSAMETA_PLAN_LOGITS_ROWS;
  if (in.flag()) {  // not always: GPUs have a kernel for the first kinds alone
    plans.emplace_back().kind = NSAMETA_PLAN_DCP_LOCAL;
    plans.emplace_back().kind = NSAMETA_PLAN_CONTEXT_LENS;
    plans.back().preset = static_cast<std::int32_t>(in.between(0, 1));
    plans.back().next_n = static_cast<std::int32_t>(in.between(1, 64));
    plans.emplace_back().kind = NSAMETA_PLAN_ZIGZAG;
    plans.back().parts = static_cast<std::int32_t>(in.between(1, 8));
    plans.back().rank = static_cast<std::int32_t>(in.between(0, plans.back().parts - 1));
  }
  if (in.flag()) problem.num_logits = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  if (in.flag()) problem.num_rejected = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  return plans;
}

/// Capacities around what is live, as far as that is little.
output_layout any_layout(byte_reader& in, problem_data& problem) {
  const std::array<std::int64_t, 6> offsets{
      0, 1, -70, std::int64_t{1} << 31, -(std::int64_t{1} << 31), in.take<std::int16_t>()};
  const std::int64_t offset = offsets[static_cast<std::size_t>(in.between(0, 5))];
  output_layout layout = exact_layout(problem, live_shape_of(problem, offset));
  layout.length_offset = offset;
  const auto wanted = in.take<std::uint32_t>(), wide = in.take<std::uint32_t>();
  if ((wide >> vector_fields.size() & 1) != 0) layout.ask_for_step_vectors(problem);
  if ((wide >> (vector_fields.size() + 1) & 1) != 0 && problem.q_shard.size == 1)
    layout.ask_for_plans(any_plans(in, problem), problem);
  const std::int64_t spare = in.between(0, 20) - 5;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    harness::vector_layout& vector = layout.vectors[i];
    const bool asked = vector_fields[i].step_vector ? vector.wanted : field_applies(vector_fields[i], problem);
    vector.wanted = asked && (wanted >> i & 1) == 0;
    vector.dtype = vector_fields[i].dtype((wide >> i & 1) != 0);
    const bool per_row = vector_fields[i].size == extent::rows || vector_fields[i].size == extent::rows_plus_one;
    if (per_row) vector.capacity = std::clamp<std::int64_t>(vector.capacity + spare, 0, most_rows);
    vector.misalignment = in.between(0, 3);
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    harness::table_layout& table = layout.tables[i];
    table.wanted = table.wanted && (wanted >> (vector_fields.size() + i) & 1) == 0;
    table.rows = std::clamp<std::int64_t>(table.rows + spare, 0, most_table_rows);
    table.width = std::max<std::int64_t>(table.width + in.between(0, 9) - 4, 0);
    table.row_stride = table.width + in.between(0, 5);
    table.misalignment = in.between(0, 7);
  }
  layout.vector_tail = in.flag() ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  layout.table_tail = static_cast<nsameta_tail>(in.between(0, 2));
  layout.table_tail_value = -9;
  layout.draft_step = in.flag() ? static_cast<std::int32_t>(in.between(0, 5)) : 0;
  return layout;
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nsameta::test::compare_backends({data, size}, 40, nsameta::test::any_layout);
  return 0;
}
