#include "harness/generator.h"

#include <algorithm>
#include <array>

#include "harness/random.h"

namespace nsameta::harness {
namespace {

// Around every width at which a kernel changes its way: lanes of a warp (32, 64), threads of a block, shared memory.
constexpr std::array<std::int64_t, 24> batch_sizes{0,   1,   2,   5,   16,  31,   32,   33,   63,   64,   65,   127,
                                                   128, 129, 255, 256, 257, 1023, 1024, 1025, 2047, 2048, 4096, 4097};
constexpr std::array<std::int64_t, 5> contexts{1, 64, 4096, 163840, 1 << 20};
constexpr std::array<std::int32_t, 5> topks{1, 8, 64, 2048, 1 << 20};

// Several tiles of columns, and widths that are no multiple of anything.
constexpr std::array<std::int64_t, 5> table_contexts{1, 64, 700, 4096, 20000};
constexpr std::array<std::int32_t, 10> page_sizes{1, 2, 3, 16, 64, 256, 640, 1152, 2176, 65536};
constexpr std::array<std::int32_t, 4> interleaves{1, 2, 16, 64};
constexpr std::array<std::int64_t, 6> offsets{1, 3, -1, -70, std::int64_t{1} << 31, -(std::int64_t{1} << 31)};

void draw_shards(random_source& random, case_recipe& recipe) {
  const int which = static_cast<int>(random.between(1, 3));  // one, the other, both
  const auto kv_size = static_cast<std::int32_t>(random.between(2, 8));
  const auto q_size = static_cast<std::int32_t>(random.between(2, 8));
  if (which != 2)
    recipe.kv_shard = {kv_size, static_cast<std::int32_t>(random.between(0, kv_size - 1)), random.pick(interleaves)};
  if (which != 1)
    recipe.q_shard = {q_size, static_cast<std::int32_t>(random.between(0, q_size - 1)),
                      static_cast<nsameta_q_shard_kind>(random.between(0, std::ssize(q_shard_kind_names) - 1))};
}

void draw_tables(random_source& random, const generator_options& options, case_recipe& recipe) {
  recipe.tables = static_cast<table_choice>(random.between(1, 4));
  recipe.table_tail = static_cast<nsameta_tail>(random.between(NSAMETA_TAIL_KEEP, NSAMETA_TAIL_VALUE));
  recipe.table_width = random.chance(60) ? width_rule::exact : static_cast<width_rule>(random.between(1, 2));
  recipe.page_size = random.pick(page_sizes);
  recipe.bad_slots = options.bad_input && random.chance(25);
  recipe.max_context = random.pick(table_contexts);
}

void draw_padding(random_source& random, case_recipe& recipe) {
  recipe.left_aligned = random.chance(50);
  if (random.chance(30)) recipe.context_limit = random.between(1, recipe.max_context + 8);
  if (random.chance(60))
    recipe.live_requests = static_cast<std::int32_t>(random.chance(10) ? random.between(-1, 1 << 30)
                                                                       : random.between(0, recipe.batch_size));
}

void draw_step_vectors(random_source& random, case_recipe& recipe) {
  recipe.step_vectors = true;
  recipe.block_size = random.pick(page_sizes);
}

}  // namespace

case_recipe draw_recipe(std::uint64_t seed, std::uint64_t number, const generator_options& options) {
  random_source random(seed * 0x9e3779b97f4a7c15u + number);
  case_recipe recipe;
  recipe.mode = all_modes[static_cast<std::size_t>(random.between(0, options.modes - 1))];
  recipe.batch_size = std::min(random.pick(batch_sizes), options.max_batch_size);
  recipe.pattern = static_cast<length_pattern>(random.between(0, 3));
  recipe.uniform_queries = random.chance(25);
  recipe.length_dtype = random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32;
  recipe.stride = random.chance(70) ? 1 : random.between(2, 5);
  recipe.cu_dtype = random.chance(30) ? NSAMETA_INT64 : NSAMETA_INT32;
  recipe.vector_tail = random.chance(50) ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  recipe.capacity = static_cast<capacity_rule>(random.between(0, 2));
  recipe.bad_lengths = options.bad_input && random.chance(25);
  recipe.all_fields = random.chance(60);
  recipe.max_context = random.pick(contexts);
  recipe.index_topk = random.pick(topks);
  if (options.kpool && random.chance(30)) recipe.index_kpool = static_cast<std::int32_t>(random.between(2, 16));
  if (options.shards && random.chance(30)) draw_shards(random, recipe);
  if (options.page_tables && random.chance(50)) draw_tables(random, options, recipe);
  if (options.offsets && random.chance(20)) recipe.length_offset = random.pick(offsets);
  recipe.seed = random.word();
  if (options.zero_strides && random.chance(10)) recipe.stride = 0;
  if (options.padding && random.chance(40)) draw_padding(random, recipe);
  if (options.step_vectors && random.chance(25)) draw_step_vectors(random, recipe);
  recipe.plans = options.plans && recipe.q_shard.size == 1 && random.chance(25);
  recipe.rejected = options.padding && random.chance(15);
  recipe.seq_pad = options.padding && random.chance(recipe.live_requests ? 40 : 10);
  return recipe;
}

case_recipe draw_step(std::uint64_t seed, std::uint64_t number) {
  // With what a graph is captured for, and what remains of it.
  constexpr std::array<std::int64_t, 16> steps{1, 2, 3, 4, 7, 8, 16, 31, 32, 48, 64, 96, 128, 200, 256, 512};
  constexpr std::array<std::int64_t, 4> live{60, 1000, 4096, 62000};
  constexpr std::array kinds{batch_kind::lengths, batch_kind::lengths, batch_kind::vectors,
                             batch_kind::vectors, batch_kind::vectors, batch_kind::status,
                             batch_kind::tables,  batch_kind::tables,  batch_kind::tables};
  random_source random(~seed * 0x9e3779b97f4a7c15u + number);
  case_recipe recipe;
  recipe.kind = random.pick(kinds);
  recipe.mode = all_modes[static_cast<std::size_t>(random.between(0, std::ssize(all_modes) - 1))];
  recipe.batch_size = random.pick(steps);
  recipe.pattern = random.chance(80) ? length_pattern::ragged : length_pattern::uniform;
  recipe.uniform_queries = random.chance(50);
  recipe.length_dtype = random.chance(60) ? NSAMETA_INT64 : NSAMETA_INT32;
  recipe.capacity = random.chance(70) ? capacity_rule::spare : capacity_rule::exact;
  recipe.max_context = random.pick(live);
  if (random.chance(15)) recipe.length_offset = random.between(1, 3);
  if (recipe.kind == batch_kind::lengths && random.chance(50)) {  // as the original's entry point is called
    recipe.mode = NSAMETA_DRAFT_EXTEND;
    recipe.uniform_queries = false;
  }
  if (recipe.kind == batch_kind::tables)
    recipe.tables = random.chance(60) ? table_choice::real_page_table : table_choice::all;
  recipe.seed = random.word();
  if (recipe.pattern == length_pattern::uniform && random.chance(50)) recipe.stride = 0;
  if (random.chance(20)) recipe.sets = random.between(2, NSAMETA_SETS_PER_LAUNCH);
  if (random.chance(30)) draw_padding(random, recipe);
  if (recipe.kind != batch_kind::lengths && random.chance(15)) draw_step_vectors(random, recipe);
  recipe.plans = recipe.kind != batch_kind::lengths && random.chance(15);
  recipe.rejected = recipe.kind != batch_kind::lengths && random.chance(10);
  recipe.seq_pad = recipe.live_requests && random.chance(30);
  return recipe;
}

case_recipe draw_case(std::uint64_t seed, std::uint64_t number) {
  case_recipe recipe = number / 2 % 2 == 0 ? draw_step(seed, number) : draw_recipe(seed, number);
  random_source random(recipe.seed + 1);
  if (random.chance(35)) recipe.earlier = random.chance(70) ? earlier_batch::larger : earlier_batch::smaller;
  // What an earlier batch left shows where nothing is kept, and steps keep their tails else.
  if (recipe.earlier == earlier_batch::larger && recipe.kind == batch_kind::tables && random.chance(60))
    recipe.table_tail = random.chance(50) ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_VALUE;
  if (recipe.earlier == earlier_batch::larger && recipe.kind != batch_kind::lengths && random.chance(30))
    recipe.vector_tail = NSAMETA_TAIL_ZERO;
  recipe.chain = recipe.sets > 1 && random.chance(25);
  if (recipe.kind != batch_kind::lengths && random.chance(8))
    recipe.draft_step = static_cast<std::int32_t>(random.between(1, 5));
  return recipe;
}

std::string describe(const case_recipe& recipe) {
  constexpr std::array patterns{"uniform", "ragged", "zero-heavy", "one giant"};
  constexpr std::array capacities{"exact", "spare", "short"};
  constexpr std::array tables{"no", "all", "position", "real", "local"};
  constexpr std::array widths{"as wide", "narrower", "wider"};
  constexpr std::array tails{"kept", "zeroed", "set"};
  const auto bits = [](nsameta_dtype dtype) { return dtype == NSAMETA_INT64 ? "int64" : "int32"; };
  const auto name = [](const auto& names, auto value) { return names[static_cast<std::size_t>(value)]; };
  std::string text = std::string(name(patterns, recipe.pattern)) + " " + bits(recipe.length_dtype) +
                     " lengths, stride " + std::to_string(recipe.stride) + ", " + bits(recipe.cu_dtype) + " sums, " +
                     name(capacities, recipe.capacity) + " capacities, tails " + name(tails, recipe.vector_tail);
  if (recipe.tables != table_choice::none)
    text += std::string(", ") + name(tables, recipe.tables) + " tables " + name(widths, recipe.table_width) +
            ", their tails " + name(tails, recipe.table_tail);
  if (recipe.length_offset != 0) text += ", length offset " + std::to_string(recipe.length_offset);
  if (recipe.draft_step != 0) text += ", draft step " + std::to_string(recipe.draft_step);
  if (recipe.left_aligned) text += ", left-aligned rows";
  if (recipe.context_limit != 0) text += ", limit " + std::to_string(recipe.context_limit);
  if (recipe.live_requests) text += ", live requests " + std::to_string(*recipe.live_requests);
  if (recipe.step_vectors) text += ", step vectors";
  if (recipe.plans) text += ", plans";
  if (recipe.rejected) text += ", rejected drafts";
  if (recipe.seq_pad != 0) text += ", padding of length " + std::to_string(recipe.seq_pad);
  if (recipe.sets > 1)
    text += ", " + std::to_string(recipe.sets) + (recipe.chain ? " sets of a chain of draft steps" : " sets");
  if (recipe.earlier != earlier_batch::none)
    text += recipe.earlier == earlier_batch::larger ? ", after a larger batch" : ", after a smaller batch";
  if (recipe.kind != batch_kind::any) text += std::string(", ") + name(batch_kind_names, recipe.kind);
  return text;
}

}  // namespace nsameta::harness
