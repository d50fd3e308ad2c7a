#include "fan_out.h"

#include <algorithm>
#include <array>

#include "deals.h"
#include "harness/random.h"
#include "tested_backend.h"

namespace nsameta::test {
namespace {

using harness::random_source;

constexpr std::array<std::int64_t, 7> offsets{0, 1, 2, 7, 1000, -3, -100000};
constexpr std::array table_tails{NSAMETA_TAIL_KEEP, NSAMETA_TAIL_ZERO, NSAMETA_TAIL_VALUE};

void vary(random_source& random, const vector_field& field, harness::vector_layout& vector) {
  vector.wanted = vector.wanted && random.chance(60);
  vector.dtype = field.dtype(random.chance(50));
  vector.misalignment = random.between(0, 5);
  const bool per_row = field.size == extent::rows || field.size == extent::rows_plus_one;
  if (per_row && random.chance(25)) vector.capacity = random.between(0, vector.capacity);
  if (random.chance(25)) vector.capacity += random.between(1, 40);
}

void vary(random_source& random, harness::table_layout& table) {
  table.wanted = table.wanted && random.chance(60);
  if (random.chance(25)) table.rows = random.between(0, table.rows);
  table.width = std::max<std::int64_t>(table.width + random.between(-3, 3), 0);
  table.row_stride = table.width + random.between(0, 5);
}

harness::output_layout layout_of(const harness::problem_data& problem, random_source& random) {
  const std::int64_t offset = random.pick(offsets);
  harness::output_layout layout = exact_layout(problem, live_shape_of(problem, offset));
  layout.length_offset = offset;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) vary(random, vector_fields[i], layout.vectors[i]);
  for (harness::table_layout& table : layout.tables) vary(random, table);
  layout.vector_tail = random.chance(50) ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  layout.table_tail = random.pick(table_tails);
  layout.table_tail_value = -9;
  return layout;
}

}  // namespace

harness::problem_data varied_problem(nsameta_mode mode, std::int64_t batch_size, std::uint64_t seed) {
  harness::case_recipe recipe;
  recipe.mode = mode;
  recipe.batch_size = batch_size;
  recipe.pattern = static_cast<harness::length_pattern>(seed % 4);
  recipe.bad_lengths = seed % 3 == 0;
  recipe.uniform_queries = seed % 5 == 0;
  recipe.max_context = 3000;
  recipe.max_rows = 2000;
  recipe.max_table_elements = 1 << 14;
  recipe.index_topk = 256;
  recipe.page_size = 16;
  if (seed % 2 == 0) recipe.tables = harness::table_choice::all;
  if (seed % 7 == 3) recipe.kv_shard = {4, 1, 16};
  if (seed % 7 == 5) recipe.q_shard = {3, 2, all_deals[seed / 7 % 3]};
  if (seed % 7 == 6) recipe.index_kpool = 4;
  recipe.seed = seed;
  return harness::build_case(recipe).problem;
}

filling varied_sets(const harness::problem_data& problem, std::int64_t count, std::uint64_t seed) {
  random_source random(seed);
  std::vector<harness::output_layout> layouts;
  for (std::int64_t set = 0; set < count; ++set) layouts.push_back(layout_of(problem, random));
  return {problem, layouts, tested().place,
          random.chance(50) ? harness::guard::page_before : harness::guard::page_behind};
}

}  // namespace nsameta::test
