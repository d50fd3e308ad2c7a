#include "filling.h"

#include "harness/compare.h"
#include "nsameta/device.h"

namespace nsameta::test {

harness::case_recipe small_recipe(int number) {
  harness::case_recipe recipe;
  recipe.mode = static_cast<nsameta_mode>(number % 4);
  recipe.batch_size = 1 + number * 7 % 40;
  recipe.max_context = 600;
  recipe.max_rows = 300;
  recipe.index_topk = 100;
  recipe.tables = harness::table_choice::both;
  recipe.max_table_elements = 1 << 14;
  recipe.seed = static_cast<std::uint64_t>(number);
  return recipe;
}

harness::case_recipe large_recipe(int number) {
  harness::case_recipe recipe;
  recipe.mode = NSAMETA_EXTEND;
  recipe.batch_size = 8;
  recipe.pattern = harness::length_pattern::one_giant;  // of half the rows
  recipe.max_context = 1 << 16;
  recipe.max_rows = 150'000;
  recipe.all_fields = false;
  recipe.seed = static_cast<std::uint64_t>(number);
  return recipe;
}

filling::filling(const harness::case_recipe& recipe, const harness::device_place& place)
    : case_(harness::build_case(recipe)), inputs_(place), outputs_(place, case_.layout) {
  inputs_.upload(case_.problem);
}

std::string filling::wrong() {
  const harness::device_place reference = harness::place_of("reference");
  harness::input_buffers inputs(reference);
  inputs.upload(case_.problem);
  harness::output_buffers answer(reference, case_.layout);
  const nsameta_status status = nsameta_fill_on("reference", &inputs.view(), &answer.view(), &on_host);
  if (status != NSAMETA_OK) return complaint("the reference", status);
  if (const auto found = harness::compare(outputs_.read_back(), answer.read_back())) return to_string(*found);
  return outputs_.damaged_guard().value_or("");
}

std::string filling::wrong_after_fill(const nsameta_target& target) {
  reset();
  const nsameta_status status = nsameta_fill(&problem(), &outputs(), &target);
  return status == NSAMETA_OK ? wrong() : complaint("nsameta_fill", status);
}

std::string filling::wrong_after_fill_on(const char* backend, const nsameta_target& target) {
  reset();
  const nsameta_status status = nsameta_fill_on(backend, &problem(), &outputs(), &target);
  return status == NSAMETA_OK ? wrong() : complaint(backend, status);
}

std::string complaint(const char* call, nsameta_status status) {
  if (status == NSAMETA_OK) return "";
  return std::string(call) + ": " + nsameta_status_name(status) + ": " + nsameta_last_error();
}

std::string unless_refused(const char* call, nsameta_status status, nsameta_status expected, const char* words) {
  const bool as_expected = status == expected && std::string(nsameta_last_error()).find(words) != std::string::npos;
  if (as_expected) return "";
  return std::string(call) + " was to be refused with \"" + words + "\", but: " + nsameta_status_name(status) + ": " +
         nsameta_last_error();
}

}  // namespace nsameta::test
