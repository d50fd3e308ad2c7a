/// Cases small and large.
#pragma once

#include "harness/generator.h"

namespace nsameta::test {

/// A few requests of any mode, with page tables.
inline harness::case_recipe small_recipe(int number) {
  harness::case_recipe recipe;
  recipe.mode = static_cast<nsameta_mode>(number % 4);
  recipe.batch_size = 1 + number * 7 % 40;
  recipe.max_context = 600;
  recipe.max_rows = 300;
  recipe.index_topk = 100;
  recipe.tables = harness::table_choice::all;
  recipe.max_table_elements = 1 << 14;
  recipe.seed = static_cast<std::uint64_t>(number);
  return recipe;
}

/// So many rows that cpu/tbb is worth it and has several tasks.
inline harness::case_recipe large_recipe(int number) {
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

}  // namespace nsameta::test
