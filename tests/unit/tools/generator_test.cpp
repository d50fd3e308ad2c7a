#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "harness/digest.h"
#include "harness/generator.h"
#include "harness/problem_json.h"

namespace nsameta::test {
namespace {

using namespace harness;

constexpr generator_options small{.max_batch_size = 300};

std::string text_of(const generated_case& made) { return describe(made.recipe) + problem_to_json(made.problem).dump(); }

TEST_CASE("a seed and a number decide the case") {
  for (std::uint64_t number = 0; number < 20; ++number) {
    const auto recipe = draw_recipe(7, number, small);
    CHECK(text_of(build_case(recipe)) == text_of(build_case(draw_recipe(7, number, small))));
  }
  CHECK(text_of(build_case(draw_recipe(7, 0))) != text_of(build_case(draw_recipe(8, 0))));
}

TEST_CASE("cases are the same on every platform") {
  constexpr generator_options first_version{.max_batch_size = 300, .modes = 4, .zero_strides = false};
  digest sum;
  for (std::uint64_t number = 0; number < 50; ++number)
    for (const char c : text_of(build_case(draw_recipe(7, number, first_version)))) sum.add(c);
  CHECK(sum.text() == "ece639fea1cfb97f");
}

TEST_CASE("all axes are drawn") {
  std::set<int> modes, patterns, dtypes, capacities;
  std::set<int> tables, tails, widths, page_sizes, interleaves, kpools;
  std::set<std::int64_t> sizes, strides, offsets, lengths_of_padding;
  std::set<std::pair<bool, bool>> shards;
  std::map<nsameta_q_shard_kind, int> kinds;
  for (std::uint64_t number = 0; number < 500; ++number) {
    const case_recipe recipe = draw_recipe(1, number);
    modes.insert(recipe.mode);
    patterns.insert(static_cast<int>(recipe.pattern));
    dtypes.insert(recipe.length_dtype);
    capacities.insert(static_cast<int>(recipe.capacity));
    sizes.insert(recipe.batch_size);
    strides.insert(recipe.stride);
    tables.insert(static_cast<int>(recipe.tables));
    tails.insert(recipe.table_tail);
    widths.insert(static_cast<int>(recipe.table_width));
    page_sizes.insert(recipe.page_size);
    interleaves.insert(recipe.kv_shard.interleave);
    shards.insert({recipe.kv_shard.size > 1, recipe.q_shard.size > 1});
    kpools.insert(recipe.index_kpool);
    if (recipe.q_shard.size > 1) ++kinds[recipe.q_shard.kind];
    offsets.insert(recipe.length_offset);
    lengths_of_padding.insert(recipe.seq_pad);
  }
  CHECK(modes.size() == all_modes.size());
  CHECK(patterns.size() == 4);
  CHECK(dtypes.size() == 2);
  CHECK(capacities.size() == 3);
  CHECK(lengths_of_padding == std::set<std::int64_t>{0, 1});
  CHECK(sizes.size() == 24);
  CHECK(strides == std::set<std::int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(tables.size() == 5);
  CHECK(tails.size() == 3);
  CHECK(widths.size() == 3);
  CHECK(page_sizes == std::set<int>{1, 2, 3, 16, 64, 256, 640, 1152, 2176, 65536});
  CHECK(interleaves == std::set<int>{1, 2, 16, 64});
  CHECK(shards.size() == 4);
  for (const auto& [kind, cases] : kinds) CHECK(cases > 15);
  CHECK(kinds.size() == 3);
  CHECK(kpools.size() > 10);
  CHECK(offsets.size() == 7);
}

TEST_CASE("half of what the program runs are steps, of every kind, mode and length type") {
  std::map<batch_kind, int> kinds;
  std::set<int> modes, dtypes, tables;
  std::set<std::int64_t> sets, strides;
  for (std::uint64_t number = 0; number < 400; ++number) {
    const case_recipe recipe = draw_case(1, number);
    ++kinds[recipe.kind];
    CHECK((recipe.kind == batch_kind::any) == (number % 4 >= 2));
    if (recipe.kind == batch_kind::any) continue;
    modes.insert(recipe.mode);
    dtypes.insert(recipe.length_dtype);
    tables.insert(static_cast<int>(recipe.tables));
    sets.insert(recipe.sets);
    strides.insert(recipe.stride);
    CHECK_FALSE((recipe.bad_lengths || recipe.bad_slots || recipe.kv_shard.size > 1 || recipe.q_shard.size > 1));
  }
  CHECK(kinds[batch_kind::any] == 200);
  for (const batch_kind kind : {batch_kind::lengths, batch_kind::vectors, batch_kind::status, batch_kind::tables})
    CHECK(kinds[kind] >= 15);
  CHECK(modes.size() == all_modes.size());
  CHECK(dtypes.size() == 2);
  CHECK(tables.size() == 3);
  CHECK(sets.size() == NSAMETA_SETS_PER_LAUNCH);
  CHECK(strides == std::set<std::int64_t>{0, 1});
}

TEST_CASE("a step asks for what its kind says") {
  case_recipe recipe;
  recipe.mode = NSAMETA_EXTEND;
  const auto wanted = [&recipe](batch_kind kind) {
    recipe.kind = kind;
    std::set<std::string> names;
    const generated_case made = build_case(recipe);
    for (std::size_t i = 0; i < vector_fields.size(); ++i)
      if (made.layout.vectors[i].wanted) names.insert(vector_fields[i].name);
    return names;
  };
  const auto step_vectors = std::ranges::count_if(vector_fields, [](auto& field) { return field.step_vector; });
  CHECK(std::ssize(wanted(batch_kind::any)) == std::ssize(vector_fields) - step_vectors);
  recipe.step_vectors = true;
  CHECK(wanted(batch_kind::lengths).count("positions") == 1);
  recipe.step_vectors = false;
  CHECK(wanted(batch_kind::lengths) == std::set<std::string>{"seqlens_expanded", "nsa_cache_seqlens"});
  CHECK(wanted(batch_kind::vectors).count("status") == 0);
  CHECK(wanted(batch_kind::vectors).count("indexer_ks") == 0);
  CHECK(wanted(batch_kind::vectors).count("cu_seqlens_k") == 1);
  CHECK(wanted(batch_kind::status).count("status") == 1);
}

TEST_CASE("every page table is asked for, alone and with the others, and a step's local one never") {
  case_recipe recipe;
  const auto wanted = [&](table_choice tables) {
    recipe.tables = tables;
    std::set<std::string> names;
    const generated_case made = build_case(recipe);
    for (std::size_t i = 0; i < table_fields.size(); ++i)
      if (made.layout.tables[i].wanted) names.insert(table_fields[i].name);
    return names;
  };
  CHECK(wanted(table_choice::none).empty());
  CHECK(wanted(table_choice::all).size() == table_fields.size());
  CHECK(wanted(table_choice::page_table_1) == std::set<std::string>{"page_table_1"});
  CHECK(wanted(table_choice::real_page_table) == std::set<std::string>{"real_page_table"});
  CHECK(wanted(table_choice::local_page_table_1) == std::set<std::string>{"local_page_table_1"});
  recipe.kind = batch_kind::tables;
  CHECK(wanted(table_choice::all) == std::set<std::string>{"page_table_1", "real_page_table"});
}

TEST_CASE("pools lie whole on the ranks of a cache") {
  int sharded = 0;
  for (std::uint64_t number = 0; number < 600; ++number) {
    const problem_data problem = build_case(draw_recipe(3, number, small)).problem;
    if (problem.kv_shard.size == 1 || problem.index_kpool == 1) continue;
    CHECK(problem.kv_shard.interleave % problem.index_kpool == 0);
    ++sharded;
  }
  CHECK(sharded > 10);
}

TEST_CASE("what is not asked for is not drawn") {
  const generator_options vectors{false, false, false, false, false, false, false, false, 300};
  for (std::uint64_t number = 0; number < 100; ++number) {
    const case_recipe recipe = draw_recipe(1, number, vectors);
    CHECK_FALSE(recipe.bad_lengths);
    CHECK(recipe.tables == table_choice::none);
    CHECK(recipe.kv_shard.size == 1);
    CHECK(recipe.q_shard.size == 1);
    CHECK(recipe.index_kpool == 1);
    CHECK(recipe.length_offset == 0);
    CHECK_FALSE(recipe.left_aligned);
    CHECK(recipe.context_limit == 0);
    CHECK_FALSE(recipe.live_requests.has_value());
  }
}

TEST_CASE("tables come wide, misaligned, and with slots that are shared or none") {
  bool several_tiles = false, misaligned = false, shared = false, bad = false, padded = false, cut = false;
  for (std::uint64_t number = 0; number < 300; ++number) {
    const generated_case made = build_case(draw_recipe(5, number));
    const token_table& table = made.problem.req_to_token;
    if (table.slots == 0) continue;
    several_tiles |= table.width > 4096;
    misaligned |= table.first % 4 != 0 && made.layout.tables[0].misalignment % 4 != 0;
    padded |= table.row_stride > table.width;
    cut |= made.layout.tables[0].width < table.width;
    std::set<std::int64_t> used;
    for (const std::int64_t slot : made.problem.req_pool_indices.values()) {
      shared |= !used.insert(slot).second;
      bad |= slot < 0 || slot >= table.slots;
    }
  }
  CHECK(several_tiles);
  CHECK(misaligned);
  CHECK(shared);
  CHECK(bad);
  CHECK(padded);
  CHECK(cut);
}

TEST_CASE("layouts hold what their rule says") {
  case_recipe recipe;
  recipe.mode = NSAMETA_DRAFT_EXTEND;
  recipe.batch_size = 40;
  recipe.tables = table_choice::all;
  for (const auto rule : {capacity_rule::exact, capacity_rule::spare, capacity_rule::short_}) {
    recipe.capacity = rule;
    const generated_case made = build_case(recipe);
    const std::int64_t rows = live_shape_of(made.problem).rows;
    const std::int64_t capacity = made.layout.vectors[3].capacity;  // seqlens_expanded
    CHECK((capacity > rows) == (rule == capacity_rule::spare));
    CHECK((capacity < rows) == (rule == capacity_rule::short_));
    CHECK(made.layout.vectors[0].capacity >= 40);  // cache_seqlens is never short
    CHECK((made.layout.tables[0].rows > rows) == (rule == capacity_rule::spare));
    CHECK((made.layout.tables[0].rows < rows) == (rule == capacity_rule::short_));
  }
}

TEST_CASE("the program's cases follow smaller and larger batches, with every tail") {
  std::set<std::tuple<earlier_batch, nsameta_tail, nsameta_tail>> seen;
  for (std::uint64_t number = 0; number < 2000; ++number) {
    const case_recipe recipe = draw_case(11, number);
    seen.emplace(recipe.earlier, recipe.vector_tail,
                 recipe.tables == table_choice::none ? NSAMETA_TAIL_KEEP : recipe.table_tail);
  }
  CHECK(seen.size() == 3 * 2 * 3);
}

}  // namespace
}  // namespace nsameta::test
