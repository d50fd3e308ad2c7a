#include "harness/output_layout.h"

#include <algorithm>

#include "plans.h"
#include "problem.h"

namespace nsameta::harness {

nsameta_plan usual_plan(nsameta_plan_kind kind) {
  nsameta_plan plan{};
  plan.kind = kind;
  if (kind == NSAMETA_PLAN_PAGED_MQA) plan.preset = NSAMETA_MQA_DG_2026_06;
  for (const plan_constant& constant : row_of(kind).constants) plan.*constant.member = constant.usual;
  return plan;
}

void fill_rules::apply_to(nsameta_outputs& outputs) const {
  outputs.vector_tail = vector_tail;
  outputs.table_tail = table_tail;
  outputs.table_tail_value = table_tail_value;
  outputs.length_offset = length_offset;
  outputs.draft_step = draft_step;
  outputs.row_values_from = row_values_from;
}

void output_layout::make_room(const output_layout& other) {
  for (std::size_t i = 0; i < vectors.size(); ++i)
    vectors[i].capacity = std::max(vectors[i].capacity, other.vectors[i].capacity);
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i].rows = std::max(tables[i].rows, other.tables[i].rows);
    tables[i].width = std::max(tables[i].width, other.tables[i].width);
    tables[i].row_stride = std::max(tables[i].row_stride, other.tables[i].row_stride);
  }
  for (std::size_t i = 0; i < std::min(plans.size(), other.plans.size()); ++i)
    std::ranges::transform(plans[i].capacities, other.plans[i].capacities, plans[i].capacities.begin(),
                           [](std::int64_t a, std::int64_t b) { return std::max(a, b); });
}

void output_layout::make_room_for_padding(const problem_data& problem) {
  const nsameta_problem view = problem.view();
  if (view.pad_rows_to == 0 || view.batch_size == 0 || draft_step > 0) return;
  const auto make_room_for = [](std::int64_t& capacity, std::int64_t elements) {
    if (capacity >= 0) capacity = std::max(capacity, elements);
  };
  for (std::size_t i = 0; i < vectors.size(); ++i)
    if (vector_fields[i].is_row_length()) make_room_for(vectors[i].capacity, view.pad_rows_to);
  for (plan_layout& plan : plans) {
    const std::span<const plan_buffer> buffers = row_of(plan.asked.kind).buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i)
      if (const std::int64_t rows = padding_end(plan.asked, buffers[i], view); rows > 0)
        make_room_for(plan.capacities[i], rows * columns_of(plan.asked, buffers[i], view));
  }
}

namespace {

/// What a plan lists at most.
std::int64_t most_listed(const nsameta_plan& plan, const problem_data& problem) {
  if (plan.kind == NSAMETA_PLAN_COMPRESSED_BLOCKS && plan.preset == NSAMETA_BLOCKS_OF_REQUESTS)
    return problem.batch_size();
  if (plan.kind == NSAMETA_PLAN_RAGGED_BLOCKS) {
    std::int64_t blocks = 0;
    for (const live_request& request : live_shape_of(problem).requests)
      blocks += (request.length / plan.ratio + plan.block - 1) / plan.block;
    return std::min(blocks, std::int64_t{1} << 20);  // little memory
  }
  if (plan.kind != NSAMETA_PLAN_PAGE_LIST) return live_shape_of(problem).rows;
  const std::int64_t columns = plan.preset == NSAMETA_PAGES_OF_BLOCKS ? problem.block_table.width
                                                                      : table_field{"", nullptr, column::page}.columns(
                                                                            problem.req_to_token.width, problem.view());
  return problem.batch_size() * columns;
}

/// What a table needs, as far as that is little memory.
std::int32_t affordable_columns(const nsameta_plan& plan, const live_shape& shape) {
  constexpr std::int64_t elements = std::int64_t{1} << 28;
  const std::int64_t most = std::max<std::int64_t>(elements / std::max<std::int64_t>(shape.rows, 1), 1);
  return static_cast<std::int32_t>(std::min(columns_needed(plan, shape), most));
}

}  // namespace

namespace {

/// Whether the plan's constants are such as the library takes; columns may be left to be chosen.
bool has_sound_constants(const nsameta_plan& plan) {
  return std::ranges::all_of(row_of(plan.kind).constants, [&](const plan_constant& constant) {
    const std::int32_t value = plan.*constant.member;
    return (value >= constant.least && value <= constant.most) ||
           (constant.member == &nsameta_plan::columns && value == 0);
  });
}

}  // namespace

void output_layout::ask_for_plans(std::span<const nsameta_plan> asked, const problem_data& problem) {
  for (const nsameta_plan& plan : asked) {
    plan_layout& made = plans.emplace_back(plan_layout{plan, {}});
    const bool is_sound = has_sound_constants(plan);
    if (has(row_of(plan.kind), &nsameta_plan::columns) && plan.columns == 0)
      made.asked.columns = is_sound ? affordable_columns(plan, live_shape_of(problem, added_length())) : 1;
    if (!is_sound) continue;  // the library says which is not
    const std::span<const plan_buffer> buffers = row_of(plan.kind).buffers;
    for (std::size_t i = 0; i < buffers.size(); ++i)
      made.capacities[i] = has_any_length(buffers[i])
                               ? most_listed(plan, problem) * columns_of(made.asked, buffers[i], problem.view())
                               : columns_of(plan, buffers[i], problem.view()) *
                                     rows_of(plan, buffers[i], problem.view(), lengths_of(problem.view()).uniform_rows);
  }
  make_room_for_padding(problem);
}

void output_layout::ask_for_step_vectors(const problem_data& problem) {
  for (std::size_t i = 0; i < vectors.size(); ++i)
    vectors[i].wanted |= vector_fields[i].step_vector && field_applies(vector_fields[i], problem);
}

bool field_applies(const vector_field& field, const problem_data& problem) { return applies(field, problem.view()); }

bool tables_apply(const problem_data& problem) {
  return problem.req_pool_indices.present() && problem.req_to_token.slots > 0;
}

namespace {

/// Whether a state has room for the step, as far as the host knows that, and a word for its rows.
bool keeps_drafts(const nsameta_plan& plan, const problem_data& problem) {
  const std::int64_t each = lengths_of(problem.view()).uniform_rows;
  if (packs_rows(plan)) return each * problem.batch_size() <= most_packed_rows;
  const bool has_drafts = problem.mode == NSAMETA_TARGET_VERIFY || problem.mode == NSAMETA_DRAFT_EXTEND;
  return plan.kind != NSAMETA_PLAN_STATE_WRITE || !has_drafts || plan.ring <= tokens_of_entry(plan) ||
         each <= most_drafts(plan);
}

}  // namespace

bool plan_applies(const nsameta_plan& plan, const problem_data& problem) {
  if (row_of(plan.kind).of_rows && lengths_of(problem.view()).uniform_rows == 0) return false;
  const nsameta_kv_shard& shard = problem.kv_shard;
  if (has(row_of(plan.kind), &nsameta_plan::ratio) && has(row_of(plan.kind), &nsameta_plan::block)) {
    const std::int64_t span = std::int64_t{plan.block} * plan.ratio;
    if (plan.blocks_from > 0)
      return shard.size == 1 && problem.block_tables[static_cast<std::size_t>(plan.blocks_from) - 1].slots > 0;
    return tables_apply(problem) && (span % problem.page_size == 0 || problem.page_size % span == 0) &&
           (shard.size == 1 || plan.block % shard.interleave == 0);
  }
  if (plan.kind == NSAMETA_PLAN_WINDOW)
    return shard.size == 1 && (plan.preset == NSAMETA_WINDOW_OF_POSITIONS || tables_apply(problem)) &&
           (plan.preset != NSAMETA_WINDOW_OF_SLOTS || problem.full_to_swa.present());
  if (row_of(plan.kind).presets.data() == state_preset_names.data())
    return tables_apply(problem) && (plan.preset != NSAMETA_STATE_OF_WINDOW || problem.full_to_swa.present()) &&
           keeps_drafts(plan, problem);
  if (plan.kind == NSAMETA_PLAN_LOCAL_SLOTS) return tables_apply(problem);
  if (plan.kind != NSAMETA_PLAN_PAGE_LIST) return true;
  if (plan.preset == NSAMETA_PAGES_OF_TOKENS) return tables_apply(problem) && shard.size == 1;
  return problem.block_table.slots > 0 && (shard.size == 1 || problem.block_size % shard.interleave == 0);
}

output_layout exact_layout(const problem_data& problem, const live_shape& shape) {
  output_layout layout;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    const bool repeats = field.member == &nsameta_outputs::local_cache_seqlens && problem.kv_shard.size == 1;
    layout.vectors[i].wanted = field_applies(field, problem) && !repeats && !field.step_vector;
    // The host checks per-request outputs against the whole batch, also when a shard keeps fewer.
    layout.vectors[i].dtype = field.dtype(false);
    layout.vectors[i].capacity = element_count(field.size, problem.batch_size(), shape.rows);
  }
  if (tables_apply(problem)) {
    for (std::size_t i = 0; i < table_fields.size(); ++i) {
      const std::int64_t width = table_fields[i].columns(problem.req_to_token.width, problem.view());
      const bool repeats = table_fields[i].shows == column::local_position && problem.kv_shard.size == 1;
      layout.tables[i] = {!repeats, shape.table_rows, width, width, 0};
    }
  }
  layout.make_room_for_padding(problem);
  return layout;
}

nsameta_outputs applicable_view(const nsameta_outputs& outputs, const problem_data& problem) {
  nsameta_outputs view = outputs;
  for (const vector_field& field : vector_fields)
    if (!field_applies(field, problem)) view.*field.member = {};
  if (!tables_apply(problem))
    for (const table_field& field : table_fields) view.*field.member = {};
  const std::span<const nsameta_plan> plans = plans_of(outputs);
  view.plan_count =
      std::ranges::find_if_not(plans, [&](const nsameta_plan& plan) { return plan_applies(plan, problem); }) -
      plans.begin();
  return view;
}

}  // namespace nsameta::harness
