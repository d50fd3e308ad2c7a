#include "harness/case_data.h"

#include <algorithm>

namespace nsameta::harness {
namespace {

output_layout exact_layout(const problem_data& problem) { return exact_layout(problem, live_shape_of(problem)); }

}  // namespace

output_layout layout_of(const case_data& stated) {
  output_layout layout = exact_layout(stated.problem);
  if (stated.step_vectors) layout.ask_for_step_vectors(stated.problem);
  layout.ask_for_plans(stated.plans, stated.problem);
  if (stated.previous) {
    output_layout before = exact_layout(stated.previous->problem);
    before.ask_for_plans(stated.plans, stated.previous->problem);
    layout.make_room(before);
  }
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    if (stated.elements[i]) layout.vectors[i].wanted = true, layout.vectors[i].capacity = *stated.elements[i];
  for (std::size_t i = 0; i < table_fields.size(); ++i)
    if (stated.rows[i]) layout.tables[i].wanted = true, layout.tables[i].rows = *stated.rows[i];
  static_cast<fill_rules&>(layout) = stated.rules;
  return layout;
}

nsameta_outputs view_for(const fill_data& fill, const nsameta_outputs& outputs) {
  nsameta_outputs view = applicable_view(outputs, fill.problem);
  fill.rules.apply_to(view);
  return view;
}

}  // namespace nsameta::harness
