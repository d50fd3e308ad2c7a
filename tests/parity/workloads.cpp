#include "workloads.h"

#include <doctest/doctest.h>

#include <string>

#include "harness/generator.h"
#include "harness/problem_json.h"

namespace nsameta::test {
namespace {

using harness::length_pattern;

struct workload {
  length_pattern pattern;
  std::int64_t batch_size, max_context, max_rows;
  bool tables;
};

constexpr workload workloads[] = {
    {length_pattern::ragged, 1, 40, 3, true},        {length_pattern::ragged, 3, 200, 6, true},
    {length_pattern::ragged, 5, 700, 90, true},      {length_pattern::zero_heavy, 40, 300, 60, true},
    {length_pattern::one_giant, 33, 900, 400, true}, {length_pattern::uniform, 64, 1 << 20, 128, false},
    {length_pattern::ragged, 300, 5000, 900, false},
};

}  // namespace

void for_each_workload(const std::function<void(const harness::problem_data&)>& check) {
  std::uint64_t seed = 0;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const workload& work : workloads) {
      harness::case_recipe recipe;
      recipe.mode = mode;
      recipe.pattern = work.pattern;
      recipe.batch_size = work.batch_size;
      recipe.max_context = work.max_context;
      recipe.max_rows = work.max_rows;
      recipe.tables = work.tables ? harness::table_choice::all : harness::table_choice::none;
      recipe.index_topk = seed % 2 == 0 ? 2048 : 64;
      recipe.seed = ++seed;
      CAPTURE(std::string(harness::mode_name(mode)));
      CAPTURE(work.batch_size);
      check(harness::build_case(recipe).problem);
    }
}

}  // namespace nsameta::test
