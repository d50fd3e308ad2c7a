#include "fill_case.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "harness/compare.h"
#include "harness/library_error.h"

namespace nsameta::test {
namespace {

using namespace harness;

generated_case case_of(nsameta_mode mode, std::int64_t requests, const std::function<void(case_recipe&)>& vary = {}) {
  case_recipe recipe;
  recipe.mode = mode;
  recipe.batch_size = requests;
  recipe.max_rows = 2 * requests;
  recipe.max_table_elements = 1 << 10;
  recipe.max_context = 300;
  recipe.page_size = 16;
  recipe.index_topk = 128;
  recipe.seed = static_cast<std::uint64_t>(requests);
  if (vary) vary(recipe);
  return build_case(recipe);
}

generated_case with_fields(generated_case tested, const std::function<bool(std::string_view)>& wanted) {
  for (std::size_t i = 0; i < vector_fields.size(); ++i)
    tested.layout.vectors[i].wanted = tested.layout.vectors[i].wanted && wanted(vector_fields[i].name);
  for (std::size_t i = 0; i < table_fields.size(); ++i)
    tested.layout.tables[i].wanted = tested.layout.tables[i].wanted && wanted(table_fields[i].name);
  return tested;
}

bool is_row_length(std::string_view name) { return name == "seqlens_expanded" || name == "nsa_cache_seqlens"; }
/// What engines ask for: the others need kernels that do everything.
bool is_step_field(std::string_view name) {
  return name != "status" && !name.starts_with("indexer_") && !name.starts_with("local_");
}

}  // namespace

fill_case::fill_case(const generated_case& tested, std::int64_t sets, const device_place& place)
    : filling(tested.problem, std::vector(static_cast<std::size_t>(sets), tested.layout), place),
      untouched_(place_of("reference"), tested.layout),
      complete_(place_of("reference"), tested.layout) {}

const nsameta_outputs& fill_case::complete() {
  if (!is_complete_) check(fill_by_reference(data(), complete_));
  is_complete_ = true;
  return complete_.read_back();
}

std::string fill_case::wrong(nsameta_status status) {
  std::string found;
  for (std::size_t set = 0; set < sets().size(); ++set) {
    const nsameta_outputs& got = read_back(set);
    const auto to_complete = compare(got, complete());
    const bool left_alone = status != NSAMETA_OK && !compare(got, untouched_.read_back());
    if (to_complete && !left_alone) found += to_string(*to_complete) + "; ";
  }
  return found + damage();
}

std::string fill_case::wrong_by_output(nsameta_status status) {
  if (status == NSAMETA_OK) return wrong(status);
  std::string found;
  for (std::size_t set = 0; set < sets().size(); ++set) {
    const nsameta_outputs all = read_back(set);
    const auto check_one = [&](const auto& field) {
      const auto alone = [&](const nsameta_outputs& outputs) {
        nsameta_outputs part;
        nsameta_outputs_init(&part);
        part.*field.member = outputs.*field.member;
        return part;
      };
      if (compare(alone(all), alone(complete())) && compare(alone(all), alone(untouched_.read_back())))
        found += std::string(field.name) + " is neither complete nor untouched; ";
    };
    std::ranges::for_each(vector_fields, check_one);
    std::ranges::for_each(table_fields, check_one);
  }
  return found;
}

generated_case uniform_rows(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_DECODE, requests), is_row_length);
}
generated_case ragged_rows(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_DRAFT_EXTEND, requests), is_row_length);
}
generated_case draft_extend(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_DRAFT_EXTEND, requests),
                     [](std::string_view name) { return is_row_length(name) || name == "total_rows"; });
}
generated_case vectors(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_DRAFT_EXTEND, requests), is_step_field);
}
generated_case step(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_TARGET_VERIFY, requests, [](case_recipe& r) { r.tables = table_choice::all; }),
                     is_step_field);
}
generated_case int64_step(std::int64_t requests) {
  return with_fields(case_of(NSAMETA_DECODE, requests, [](case_recipe& r) { r.length_dtype = NSAMETA_INT64; }),
                     is_step_field);
}
generated_case tails(std::int64_t requests) {
  const auto with_tails = [](case_recipe& r) {
    r.vector_tail = NSAMETA_TAIL_ZERO;
    r.capacity = capacity_rule::spare;
  };
  return with_fields(case_of(NSAMETA_DRAFT_EXTEND, requests, with_tails), is_step_field);
}
generated_case general(std::int64_t requests) {
  return case_of(NSAMETA_DECODE, requests, [](case_recipe& r) {
    r.kv_shard = {4, 1, 16};
    r.tables = table_choice::all;
  });
}
generated_case dealt(std::int64_t requests) {
  return case_of(NSAMETA_DRAFT_EXTEND, requests, [](case_recipe& r) {
    r.q_shard = {3, 1, NSAMETA_Q_SHARD_ZIGZAG};
    r.tables = table_choice::all;
  });
}
generated_case with_attention_plans(std::int64_t requests) {
  generated_case made = case_of(NSAMETA_DECODE, requests, [](case_recipe& r) { r.step_vectors = true; });
  for (const nsameta_plan_kind kind : {NSAMETA_PLAN_PAGED_MQA, NSAMETA_PLAN_FLASHMLA, NSAMETA_PLAN_TOPK})
    made.layout.ask_for_plans(std::array{usual_plan(kind)}, made.problem);
  return made;
}
generated_case with_plans(std::int64_t requests) {
  generated_case made = with_attention_plans(requests);
  made.layout.ask_for_plans(std::array{usual_plan(NSAMETA_PLAN_CONTEXT_LENS)}, made.problem);
  return made;
}
generated_case step_with_plans(std::int64_t requests) {
  generated_case made = step(requests);
  made.layout.ask_for_plans(std::array{usual_plan(NSAMETA_PLAN_CONTEXT_LENS)}, made.problem);
  return made;
}

}  // namespace nsameta::test
