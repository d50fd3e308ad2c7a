#include "axes.h"

#include <array>

namespace nsameta::test {
namespace {

using harness::capacity_rule;
using harness::case_recipe;
using harness::length_pattern;
using harness::table_choice;
using harness::width_rule;

constexpr std::array patterns{length_pattern::uniform, length_pattern::ragged, length_pattern::zero_heavy,
                              length_pattern::one_giant};
constexpr std::array types{NSAMETA_INT32, NSAMETA_INT64};
constexpr std::array<std::int64_t, 2> strides{1, 3};
constexpr std::array capacities{capacity_rule::exact, capacity_rule::spare, capacity_rule::short_};
constexpr std::array<std::int32_t, 7> top_ks{2048, 1, 8, 64, 100, 2147483647, 4};
constexpr std::array<std::int32_t, 13> page_sizes{64, 1, 2, 3, 4, 8, 16, 32, 128, 256, 640, 1152, 65536};
constexpr std::array<std::int32_t, 4> interleaves{1, 2, 16, 64};
constexpr std::array deals{NSAMETA_Q_SHARD_ROUND_ROBIN, NSAMETA_Q_SHARD_CONTIGUOUS, NSAMETA_Q_SHARD_ZIGZAG};
constexpr std::array<std::int64_t, 4> table_contexts{4096, 64, 20000, 700};
constexpr std::array<std::int64_t, 5> offsets{1, 7, -1, -100, std::int64_t{1} << 31};

/// One of `values`, another on every turn of an axis' period.
template <class Value, std::size_t Count>
Value each_turn(const std::array<Value, Count>& values, std::uint64_t number, std::uint64_t period) {
  return values[number / period % Count];
}

void turn_tables(case_recipe& recipe, std::uint64_t number) {
  const std::uint64_t tables = number % 19, tail = number % 23, width = number % 53;
  if (tables < 8) return;
  recipe.tables = tables < 14   ? table_choice::all
                  : tables < 16 ? table_choice::page_table_1
                  : tables < 18 ? table_choice::real_page_table
                                : table_choice::local_page_table_1;
  recipe.table_tail = tail < 12 ? NSAMETA_TAIL_KEEP : tail < 17 ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_VALUE;
  recipe.table_width = width < 29 ? width_rule::exact : width < 41 ? width_rule::narrower : width_rule::wider;
  recipe.page_size = each_turn(page_sizes, number, 19);
  recipe.max_context = each_turn(table_contexts, number, 19);
  recipe.bad_slots = number % 47 < 9;
}

void turn_shards(case_recipe& recipe, std::uint64_t number) {
  const auto size = static_cast<std::int32_t>(2 + number / 29 % 7);
  const auto rank = static_cast<std::int32_t>(number / 203) % size;
  if (number % 29 < 7) recipe.kv_shard = {size, rank, each_turn(interleaves, number, 29)};
  if (number % 31 < 7) recipe.q_shard = {size, rank, each_turn(deals, number, 31)};
}

/// The axes that turn with the case's number.
void turn(case_recipe& recipe, std::uint64_t number) {
  recipe.cu_dtype = types[number % 37 < 18];
  recipe.capacity = capacities[number % 3];
  recipe.uniform_queries = number % 5 == 0;
  recipe.index_topk = top_ks[number % 7];
  recipe.all_fields = number % 11 < 6;
  recipe.vector_tail = number % 13 < 5 ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  recipe.bad_lengths = number % 17 < 3;
  if (number % 41 < 9) recipe.index_kpool = static_cast<std::int32_t>(2 + number / 41 % 15);
  if (number % 59 < 6) recipe.stride = 0;
  if (number % 43 < 7) recipe.length_offset = each_turn(offsets, number, 43);
  if (number % 61 < 7) recipe.draft_step = static_cast<std::int32_t>(1 + number / 61 % 5);
  turn_tables(recipe, number);
  turn_shards(recipe, number);
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
  for (const nsameta_mode mode : all_modes)
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

}  // namespace nsameta::test
