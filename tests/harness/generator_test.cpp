#include <doctest/doctest.h>

#include <set>
#include <string>

#include "harness/digest.h"
#include "harness/generator.h"
#include "harness/problem_json.h"

namespace nsameta::harness {
namespace {

constexpr generator_options everything{true, true, true, true, 300};

std::string text_of(const generated_case& made) { return describe(made.recipe) + problem_to_json(made.problem).dump(); }

TEST_CASE("a seed and a number decide the case") {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto recipe = draw_recipe(7, number, everything);
    CHECK(text_of(build_case(recipe)) == text_of(build_case(draw_recipe(7, number, everything))));
  }
  CHECK(text_of(build_case(draw_recipe(7, 0))) != text_of(build_case(draw_recipe(8, 0))));
}

TEST_CASE("cases are the same on every platform") {
  digest sum;
  for (std::uint64_t number = 0; number < 50; ++number)
    for (const char c : text_of(build_case(draw_recipe(7, number, everything)))) sum.add(c);
  CHECK(sum.text() == "320c687d6c0c3dcb");
}

TEST_CASE("all axes are drawn") {
  std::set<int> modes, patterns, dtypes, capacities;
  std::set<std::int64_t> sizes, strides;
  for (std::uint64_t number = 0; number < 300; ++number) {
    const case_recipe recipe = draw_recipe(1, number);
    modes.insert(recipe.mode);
    patterns.insert(static_cast<int>(recipe.pattern));
    dtypes.insert(recipe.length_dtype);
    capacities.insert(static_cast<int>(recipe.capacity));
    sizes.insert(recipe.batch_size);
    strides.insert(recipe.stride);
    CHECK_FALSE(recipe.page_tables);
    CHECK(recipe.kv_shard.size == 1);
    CHECK(recipe.q_shard.size == 1);
    CHECK(recipe.index_kpool == 1);
  }
  CHECK(modes.size() == 4);
  CHECK(patterns.size() == 4);
  CHECK(dtypes.size() == 2);
  CHECK(capacities.size() == 3);
  CHECK(sizes.size() == 24);
  CHECK(strides.size() >= 4);
}

TEST_CASE("layouts hold what their rule says") {
  case_recipe recipe;
  recipe.mode = NSAMETA_DRAFT_EXTEND;
  recipe.batch_size = 40;
  for (const auto rule : {capacity_rule::exact, capacity_rule::spare, capacity_rule::short_}) {
    recipe.capacity = rule;
    const generated_case made = build_case(recipe);
    const std::int64_t rows = live_shape_of(made.problem).rows;
    const std::int64_t capacity = made.layout.vectors[3].capacity;  // seqlens_expanded
    CHECK((capacity > rows) == (rule == capacity_rule::spare));
    CHECK((capacity < rows) == (rule == capacity_rule::short_));
    CHECK(made.layout.vectors[0].capacity >= 40);  // cache_seqlens is never short
  }
}

}  // namespace
}  // namespace nsameta::harness
