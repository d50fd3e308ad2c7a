#include "axes.h"

#include <array>

namespace nsameta::matrix {
namespace {

using harness::capacity_rule;
using harness::case_recipe;
using harness::length_pattern;

constexpr std::array modes{NSAMETA_DECODE, NSAMETA_TARGET_VERIFY, NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND};
constexpr std::array patterns{length_pattern::uniform, length_pattern::ragged, length_pattern::zero_heavy,
                              length_pattern::one_giant};
constexpr std::array types{NSAMETA_INT32, NSAMETA_INT64};
constexpr std::array<std::int64_t, 2> strides{1, 3};
constexpr std::array capacities{capacity_rule::exact, capacity_rule::spare, capacity_rule::short_};
constexpr std::array<std::int32_t, 7> top_ks{2048, 1, 8, 64, 100, 2147483647, 4};

/// The axes that turn with the case's number.
void turn(case_recipe& recipe, std::uint64_t number) {
  recipe.cu_dtype = types[number % 2];
  recipe.capacity = capacities[number % 3];
  recipe.uniform_queries = number % 5 == 0;
  recipe.index_topk = top_ks[number % 7];
  recipe.all_fields = number % 11 < 6;
  recipe.vector_tail = number % 13 < 5 ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  recipe.bad_lengths = number % 17 < 3;
  recipe.seed = number;
}

}  // namespace

const std::vector<std::int64_t>& batch_sizes() {
  static const std::vector<std::int64_t> sizes{0,   1,   2,   31,  32,   33,   63,   64,   65,
                                               255, 256, 257, 512, 1023, 1024, 1025, 3000, 4097};
  return sizes;
}

std::vector<case_recipe> product() {
  std::vector<case_recipe> recipes;
  for (const nsameta_mode mode : modes)
    for (const std::int64_t size : batch_sizes())
      for (const length_pattern pattern : patterns)
        for (const nsameta_dtype type : types)
          for (const std::int64_t stride : strides) {
            case_recipe recipe;
            recipe.mode = mode;
            recipe.batch_size = size;
            recipe.pattern = pattern;
            recipe.length_dtype = type;
            recipe.stride = stride;
            turn(recipe, recipes.size());
            recipes.push_back(recipe);
          }
  return recipes;
}

}  // namespace nsameta::matrix
