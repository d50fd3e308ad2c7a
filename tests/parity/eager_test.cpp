#include <doctest/doctest.h>

#include "axes.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {

TEST_CASE("every case of the product equals the reference") {
  const auto recipes = product();
  CHECK(recipes.size() >= 1000);
  for (const auto& recipe : recipes) check_equal(harness::build_case(recipe));
}

TEST_CASE("each field alone equals the reference") {
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t batch_size : {1, 33, 300, 1025})
      for (std::size_t field = 0; field < vector_fields.size(); ++field) {
        harness::case_recipe recipe;
        recipe.mode = mode;
        recipe.batch_size = batch_size;
        recipe.seed = field;
        auto tested_case = harness::build_case(recipe);
        if (!field_applies(vector_fields[field], tested_case.problem)) continue;
        for (std::size_t other = 0; other < vector_fields.size(); ++other)
          tested_case.layout.vectors[other].wanted = other == field;
        CAPTURE(vector_fields[field].name);
        check_equal(tested_case);
      }
}

TEST_CASE("each page table alone equals the reference") {
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t batch_size : {1, 33, 300, 1025})
      for (const std::int32_t page_size : {1, 64, 256})
        for (const auto tables : {harness::table_choice::page_table_1, harness::table_choice::real_page_table}) {
          harness::case_recipe recipe;
          recipe.mode = mode;
          recipe.batch_size = batch_size;
          recipe.page_size = page_size;
          recipe.tables = tables;
          auto tested_case = harness::build_case(recipe);
          for (harness::vector_layout& vector : tested_case.layout.vectors) vector.wanted = false;
          check_equal(tested_case);
        }
}

TEST_CASE("random cases equal the reference") {
  for (std::uint64_t number = 0; number < 1500; ++number)
    check_equal(harness::build_case(harness::draw_recipe(20, number)));
}

TEST_CASE("large batches equal the reference") {
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const auto pattern : {harness::length_pattern::ragged, harness::length_pattern::one_giant}) {
      harness::case_recipe recipe;
      recipe.mode = mode;
      recipe.batch_size = 20000;
      recipe.pattern = pattern;
      recipe.cu_dtype = NSAMETA_INT64;
      recipe.max_rows = 200000;
      recipe.tables = harness::table_choice::all;
      recipe.max_table_elements = 1 << 20;
      check_equal(harness::build_case(recipe));
    }
}

}  // namespace nsameta::test

TEST_SUITE_END();
