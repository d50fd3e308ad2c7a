#include "harness/generator.h"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "harness/random.h"

namespace nsameta::harness {
namespace {

// Around every width at which a kernel changes its way: lanes of a warp (32, 64), threads of a block, shared memory.
constexpr std::array<std::int64_t, 24> batch_sizes{0,   1,   2,   5,   16,  31,   32,   33,   63,   64,   65,   127,
                                                   128, 129, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 4096, 4097};
constexpr std::array<std::int64_t, 5> contexts{1, 64, 4096, 163840, 1 << 20};
constexpr std::array<std::int32_t, 5> topks{1, 8, 64, 2048, 1 << 20};

std::vector<std::int64_t> fill_lengths(random_source& random, const case_recipe& recipe, std::int64_t low,
                                       std::int64_t high, std::int64_t giant) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(recipe.batch_size), random.between(low, high));
  if (recipe.pattern == length_pattern::uniform || lengths.empty()) return lengths;
  for (std::int64_t& length : lengths)
    length = recipe.pattern == length_pattern::zero_heavy && random.chance(90) ? 0 : random.between(low, high);
  if (recipe.pattern == length_pattern::one_giant)
    lengths[static_cast<std::size_t>(random.between(0, recipe.batch_size - 1))] = giant;
  return lengths;
}

void spoil(random_source& random, std::vector<std::int64_t>& lengths, nsameta_dtype dtype, bool may_be_huge) {
  for (std::int64_t& length : lengths) {
    if (!random.chance(15)) continue;
    if (may_be_huge && random.chance(50)) {
      length = dtype == NSAMETA_INT64 ? random.between(1LL << 31, 1LL << 62) : std::numeric_limits<std::int32_t>::max();
    } else {
      length = dtype == NSAMETA_INT64 && random.chance(50) ? std::numeric_limits<std::int64_t>::min()
                                                           : -random.between(1, 1 << 30);
    }
  }
}

void set_lengths(random_source& random, const case_recipe& recipe, problem_data& problem) {
  const std::int64_t requests = std::max<std::int64_t>(recipe.batch_size, 1);
  const std::int64_t share = std::max<std::int64_t>(recipe.max_rows / requests, 1);
  const bool has_queries = recipe.mode == NSAMETA_DRAFT_EXTEND || recipe.mode == NSAMETA_EXTEND;
  const bool ragged_queries = has_queries && !recipe.uniform_queries;

  if (recipe.mode == NSAMETA_TARGET_VERIFY || (has_queries && recipe.uniform_queries))
    problem.uniform_extend_len = random.between(1, std::min<std::int64_t>(share, 8));

  std::vector<std::int64_t> seq_lens = fill_lengths(random, recipe, 0, recipe.max_context, recipe.max_context);
  std::vector<std::int64_t> queries;
  if (ragged_queries) {
    const std::int64_t usual =
        recipe.mode == NSAMETA_EXTEND ? std::min<std::int64_t>(share, 512) : std::min<std::int64_t>(share, 8);
    const std::int64_t giant = std::max<std::int64_t>(recipe.max_rows / 2, 1);
    queries = fill_lengths(random, recipe, 0, usual, giant);
  }
  // In `extend` the new tokens are part of the context; only bad lengths break that.
  if (recipe.mode == NSAMETA_EXTEND)
    for (std::size_t r = 0; r < seq_lens.size(); ++r)
      seq_lens[r] = std::max(seq_lens[r], ragged_queries ? queries[r] : problem.uniform_extend_len);

  if (recipe.bad_lengths) {
    spoil(random, seq_lens, recipe.length_dtype, true);
    spoil(random, queries, recipe.length_dtype, false);
    for (std::int64_t& s : seq_lens)
      if (random.chance(10)) s = random.between(0, 3);
  }
  problem.seq_lens = strided_values(seq_lens, recipe.length_dtype, recipe.stride);
  if (ragged_queries) problem.extend_seq_lens = strided_values(queries, recipe.length_dtype, recipe.stride);
}

void set_page_tables(random_source& random, const case_recipe& recipe, problem_data& problem) {
  constexpr std::array<std::int32_t, 5> page_sizes{1, 2, 16, 64, 256};
  problem.page_size = random.pick(page_sizes);
  token_table& table = problem.req_to_token;
  table.slots = recipe.batch_size + random.between(1, 3);
  table.width = std::min<std::int64_t>(recipe.max_context + 8, std::max<std::int64_t>((1 << 20) / table.slots, 1));
  table.row_stride = table.width + random.between(0, 5);
  table.memory.resize(static_cast<std::size_t>(table.slots * table.row_stride));
  for (std::int32_t& slot : table.memory) slot = static_cast<std::int32_t>(random.word() >> 40);

  std::vector<std::int64_t> slots(static_cast<std::size_t>(recipe.batch_size));
  for (std::int64_t& slot : slots) slot = random.between(0, table.slots - 1);
  if (recipe.bad_lengths)
    for (std::int64_t& slot : slots)
      if (random.chance(5)) slot = random.chance(50) ? -1 : table.slots;
  problem.req_pool_indices = strided_values(slots, recipe.length_dtype, recipe.stride);
}

void set_layout(random_source& random, const case_recipe& recipe, generated_case& result) {
  const live_shape shape = live_shape_of(result.problem);
  result.layout = exact_layout(result.problem, shape);
  result.layout.vector_tail = recipe.vector_tail;
  const std::int64_t spare = random.between(1, 70);
  const std::int64_t cut = random.between(1, std::max<std::int64_t>(shape.rows, 1));
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    vector_layout& vector = result.layout.vectors[i];
    if (!recipe.all_fields && random.chance(50)) vector.wanted = false;
    if (field.may_be_int64) vector.dtype = recipe.cu_dtype;
    vector.misalignment = random.chance(50) ? 0 : random.between(1, 7);
    const bool per_row = field.size == extent::rows || field.size == extent::rows_plus_one;
    if (recipe.capacity == capacity_rule::spare && field.size != extent::one) vector.capacity += spare;
    if (recipe.capacity == capacity_rule::short_ && per_row)
      vector.capacity = std::max<std::int64_t>(vector.capacity - cut, 0);
  }
}

}  // namespace

case_recipe draw_recipe(std::uint64_t seed, std::uint64_t number, const generator_options& options) {
  random_source random(seed * 0x9e3779b97f4a7c15u + number);
  case_recipe recipe;
  recipe.mode = static_cast<nsameta_mode>(random.between(NSAMETA_DECODE, NSAMETA_EXTEND));
  recipe.batch_size = std::min(random.pick(batch_sizes), options.max_batch_size);
  recipe.pattern = static_cast<length_pattern>(random.between(0, 3));
  recipe.uniform_queries = random.chance(25);
  recipe.length_dtype = random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32;
  recipe.stride = random.chance(70) ? 1 : random.between(2, 5);
  recipe.cu_dtype = random.chance(30) ? NSAMETA_INT64 : NSAMETA_INT32;
  recipe.vector_tail = random.chance(50) ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  recipe.capacity = static_cast<capacity_rule>(random.between(0, 2));
  recipe.bad_lengths = options.bad_lengths && random.chance(25);
  recipe.all_fields = random.chance(60);
  recipe.max_context = random.pick(contexts);
  recipe.index_topk = random.pick(topks);
  if (options.kpool && random.chance(30)) recipe.index_kpool = static_cast<std::int32_t>(random.between(2, 16));
  if (options.shards && random.chance(30)) {
    const auto size = static_cast<std::int32_t>(random.between(2, 8));
    const auto rank = static_cast<std::int32_t>(random.between(0, size - 1));
    if (random.chance(50)) {
      recipe.kv_shard = {size, rank, 1 << random.between(0, 6)};
    } else {
      recipe.q_shard = {size, rank};
    }
  }
  recipe.page_tables = options.page_tables && random.chance(50);
  recipe.seed = random.word();
  return recipe;
}

generated_case build_case(const case_recipe& recipe) {
  random_source random(recipe.seed);
  generated_case result{recipe, {}, {}};
  result.problem.mode = recipe.mode;
  result.problem.index_topk = recipe.index_topk;
  result.problem.index_kpool = recipe.index_kpool;
  result.problem.kv_shard = recipe.kv_shard;
  result.problem.q_shard = recipe.q_shard;
  set_lengths(random, recipe, result.problem);
  if (recipe.page_tables) set_page_tables(random, recipe, result.problem);
  set_layout(random, recipe, result);
  return result;
}

std::string describe(const case_recipe& recipe) {
  constexpr std::array patterns{"uniform", "ragged", "zero-heavy", "one giant"};
  constexpr std::array capacities{"exact", "spare", "short"};
  const auto bits = [](nsameta_dtype dtype) { return dtype == NSAMETA_INT64 ? "int64" : "int32"; };
  return std::string(patterns[static_cast<std::size_t>(recipe.pattern)]) + " " + bits(recipe.length_dtype) +
         " lengths, stride " + std::to_string(recipe.stride) + ", " + bits(recipe.cu_dtype) + " sums, " +
         capacities[static_cast<std::size_t>(recipe.capacity)] + " capacities, tails " +
         (recipe.vector_tail == NSAMETA_TAIL_ZERO ? "zeroed" : "kept");
}

}  // namespace nsameta::harness
