#include "harness/output_layout.h"

namespace nsameta::harness {

bool field_applies(const vector_field& field, const problem_data& problem) { return applies(field, problem.view()); }

bool tables_apply(const problem_data& problem) {
  return problem.req_pool_indices.present() && problem.req_to_token.slots > 0;
}

output_layout exact_layout(const problem_data& problem, const live_shape& shape) {
  output_layout layout;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    layout.vectors[i].wanted = field_applies(field, problem);
    // The host checks per-request outputs against the whole batch, also when a shard keeps fewer.
    layout.vectors[i].capacity = element_count(field.size, problem.batch_size(), shape.rows);
  }
  if (tables_apply(problem)) {
    for (std::size_t i = 0; i < table_fields.size(); ++i) {
      const std::int64_t width = table_fields[i].columns(problem.req_to_token.width, problem.page_size);
      layout.tables[i] = {true, shape.table_rows, width, width, 0};
    }
  }
  return layout;
}

nsameta_outputs applicable_view(const nsameta_outputs& outputs, const problem_data& problem) {
  nsameta_outputs view = outputs;
  for (const vector_field& field : vector_fields)
    if (!field_applies(field, problem)) view.*field.member = {};
  if (!tables_apply(problem))
    for (const table_field& field : table_fields) view.*field.member = {};
  return view;
}

}  // namespace nsameta::harness
