#include "harness/case_data.h"

#include <algorithm>

namespace nsameta::harness {
namespace {

output_layout exact_layout(const problem_data& problem) { return exact_layout(problem, live_shape_of(problem)); }

}  // namespace

case_data case_data::draft(std::int32_t step) const {
  case_data made{{problem, rules, step_vectors, plans}};
  made.rules.draft_step = step;
  const std::int64_t batch = std::max<std::int64_t>(rules.row_values_from - 1, 0) + live_shape_of(problem).rows;
  const std::int64_t earlier = batch + (step - 1) * problem.batch_size();
  const bool has_values = problem.view().row_values >= earlier + problem.batch_size();
  made.rules.row_values_from = has_values ? earlier + 1 : 0;
  return made;
}

output_layout layout_of(const case_data& stated) {
  const problem_data batch = stated.batch();
  output_layout layout = exact_layout(batch);
  static_cast<fill_rules&>(layout) = stated.rules;  // lengths, and so columns, are by these
  if (stated.step_vectors) layout.ask_for_step_vectors(batch);
  layout.ask_for_plans(stated.plans, batch);
  if (stated.previous) {
    const problem_data earlier = stated.previous->batch();
    output_layout before = exact_layout(earlier);
    static_cast<fill_rules&>(before) = stated.previous->rules;
    before.ask_for_plans(stated.plans, earlier);
    layout.make_room(before);
  }
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    if (stated.elements[i]) layout.vectors[i].wanted = true, layout.vectors[i].capacity = *stated.elements[i];
  for (std::size_t i = 0; i < table_fields.size(); ++i)
    if (stated.rows[i]) layout.tables[i].wanted = true, layout.tables[i].rows = *stated.rows[i];
  return layout;
}

nsameta_outputs view_for(const fill_data& fill, const nsameta_outputs& outputs) {
  nsameta_outputs view = applicable_view(outputs, fill.problem);
  fill.rules.apply_to(view);
  return view;
}

}  // namespace nsameta::harness
