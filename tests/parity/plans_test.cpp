// Plans of thousands of batches: empty, equal and giant requests, one and 16,384 of them, more parts than blocks.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "field_digests.h"
#include "harness/generator.h"
#include "harness/parity.h"
#include "harness/random.h"
#include "plans.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

constexpr std::array<std::int64_t, 16> few{0, 1, 2, 3, 7, 31, 32, 33, 63, 65, 100, 128, 255, 256, 257, 512};
constexpr std::array<std::int64_t, 5> many{1000, 2048, 4096, 4097, 16384};
constexpr std::array<std::int32_t, 6> ratios{1, 2, 4, 4, 64, 128};
constexpr std::array<std::int32_t, 9> parts{1, 2, 3, 16, 33, 132, 148, 304, most_parts};

std::vector<std::int64_t> draw_lengths(harness::random_source& random, std::int64_t requests) {
  enum pattern { all_empty, equal, one_giant, short_ones, long_ones, octaves, patterns };
  const std::int64_t which = random.between(0, patterns - 1), same = random.between(1, 9000);
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(requests));
  for (std::int64_t& length : lengths) {
    length = which == equal        ? same
             : which == one_giant  ? random.between(0, 200)
             : which == short_ones ? random.between(0, 500)
             : which == long_ones  ? random.between(0, 131072)
             : which == octaves    ? std::int64_t{1} << random.between(0, 17)
                                   : 0;
    if (random.chance(3)) length = random.between(-1, 0);
  }
  if (which == one_giant && !lengths.empty()) lengths[lengths.size() / 2] = random.between(100'000, 1 << 30);
  return lengths;
}

/// One plan of each kind, by its number.
std::vector<nsameta_plan> draw_plans(harness::random_source& random) {
  std::vector<nsameta_plan> plans(plan_kinds.size());
  for (std::size_t i = 0; i < plans.size(); ++i) plans[i].kind = static_cast<nsameta_plan_kind>(i);
  nsameta_plan& schedule = plans[NSAMETA_PLAN_PAGED_MQA];
  schedule.preset = static_cast<std::int32_t>(random.between(0, std::ssize(mqa_presets) - 1));
  schedule.parts = random.pick(parts);
  schedule.next_n = static_cast<std::int32_t>(random.between(1, 5));
  nsameta_plan& tiles = plans[NSAMETA_PLAN_FLASHMLA];
  tiles.preset = static_cast<std::int32_t>(random.between(0, 1));
  tiles.parts = random.pick(parts);
  tiles.block = random.chance(80) ? 64 : static_cast<std::int32_t>(random.between(1, 300));
  tiles.overhead = random.chance(80) ? 5 : static_cast<std::int32_t>(random.between(0, 12));
  if (random.chance(25)) tiles.topk = static_cast<std::int32_t>(random.between(1, 3000));
  if (tiles.topk > 0 && random.chance(50)) tiles.extra_topk = 128;
  if (random.chance(50)) plans[NSAMETA_PLAN_TOPK].threshold = static_cast<std::int32_t>(random.between(1, 70'000));
  nsameta_plan& works = plans[NSAMETA_PLAN_AITER];
  works.preset = static_cast<std::int32_t>(random.between(0, std::ssize(aiter_preset_names) - 1));
  works.parts = random.pick(parts);
  works.block = random.chance(70) ? 16 : static_cast<std::int32_t>(random.between(1, 300));
  works.page_size = random.chance(70) ? 1 : static_cast<std::int32_t>(random.between(2, 70));
  if (random.chance(40)) works.topk = static_cast<std::int32_t>(random.between(1, 3000));
  if (random.chance(30)) works.most_splits = static_cast<std::int32_t>(random.between(1, 40));
  const bool repeats = works.preset != NSAMETA_AITER_FAST && random.chance(30);
  works.head_ratio = repeats ? static_cast<std::int32_t>(random.between(2, 3)) : 1;
  plans[NSAMETA_PLAN_PAGE_LIST].preset = NSAMETA_PAGES_OF_BLOCKS;
  nsameta_plan& blocks = plans[NSAMETA_PLAN_ZIGZAG];
  blocks.parts = static_cast<std::int32_t>(random.between(1, 20));
  blocks.rank = static_cast<std::int32_t>(random.between(0, blocks.parts - 1));
  nsameta_plan& lengths = plans[NSAMETA_PLAN_CONTEXT_LENS];
  lengths.preset = static_cast<std::int32_t>(random.between(0, std::ssize(context_lens_preset_names) - 1));
  lengths.next_n = static_cast<std::int32_t>(random.chance(80) ? random.between(1, 5) : random.between(6, 64));
  const std::int32_t ratio = random.pick(ratios);
  std::int32_t block = static_cast<std::int32_t>(random.chance(50) ? 64 : random.between(1, 4)) * 64 / ratio;
  if (block == 0 || random.chance(20)) block = 64;
  const std::int32_t topk = random.chance(50) ? static_cast<std::int32_t>(random.between(1, 600)) : 0;
  for (nsameta_plan& cache : plans) {
    const auto has_member = [&](plan_member member) { return has(row_of(cache.kind), member); };
    if (!has_member(&nsameta_plan::ratio) && cache.kind != NSAMETA_PLAN_WINDOW) continue;
    if (has_member(&nsameta_plan::ratio)) cache.ratio = ratio;
    if (has_member(&nsameta_plan::block)) cache.block = block;
    if (has_member(&nsameta_plan::topk)) cache.topk = topk;
    if (has_member(&nsameta_plan::overlap)) cache.overlap = random.chance(50);
    if (has_member(&nsameta_plan::next_n)) cache.next_n = static_cast<std::int32_t>(random.between(1, 9));
    if (has_member(&nsameta_plan::slot_offset)) {
      cache.preset = static_cast<std::int32_t>(random.between(0, std::ssize(state_preset_names) - 1));
      harness::draw_state(random, cache);
    }
    if (has_member(&nsameta_plan::ragged_align)) cache.ragged_align = random.chance(50) ? 1 : block;
    if (has_member(&nsameta_plan::columns))
      cache.columns = static_cast<std::int32_t>(random.chance(50) ? random.between(1, 70) : random.between(70, 200));
    if (has_member(&nsameta_plan::index_align))
      cache.index_align = static_cast<std::int32_t>(random.chance(50) ? 64 : random.between(1, 20));
  }
  plans[NSAMETA_PLAN_COMPRESSED_ROWS].no_slot = static_cast<std::int32_t>(random.between(-2, 2));
  plans[NSAMETA_PLAN_COMPRESSED_BLOCKS].preset = static_cast<std::int32_t>(random.between(0, 1));
  nsameta_plan& window = plans[NSAMETA_PLAN_WINDOW];
  window.preset = static_cast<std::int32_t>(random.between(0, std::ssize(window_preset_names) - 1));
  window.window = static_cast<std::int32_t>(random.chance(50) ? 128 : random.between(1, 70));
  if (window.preset == NSAMETA_WINDOW_OF_RINGS)
    window.ring = window.window + static_cast<std::int32_t>(random.between(0, 9));
  window.oldest_first = random.chance(50);
  window.whole_step = random.chance(30);
  return plans;
}

/// A table that is wide enough for most requests, but for large batches.
void set_blocks(harness::random_source& random, std::int64_t requests, harness::problem_data& problem) {
  harness::token_table& table = problem.block_table;
  table.slots = requests + (requests == 0);
  table.width = table.row_stride = random.between(0, requests > 600 ? 8 : 40);
  table.memory.resize(static_cast<std::size_t>(table.slots * table.width) + 1);
  for (std::int32_t& block : table.memory) block = static_cast<std::int32_t>(random.between(-1, 1 << 20));
}

/// Rows of slots, some requests have none of.
void set_tokens(harness::random_source& random, std::int64_t requests, harness::problem_data& problem) {
  problem.page_size = random.pick(std::array<std::int32_t, 3>{64, 256, 16});
  harness::token_table& table = problem.req_to_token;
  table.slots = 5;
  table.width = table.row_stride = random.between(0, 9000);
  table.memory.resize(static_cast<std::size_t>(table.slots * table.width) + 1);
  const bool has_window = random.chance(60);
  for (std::int32_t& slot : table.memory)
    slot = static_cast<std::int32_t>(random.between(-random.chance(5), has_window ? 1003 : 1 << 30));
  if (has_window) {
    std::vector<std::int64_t> slots(1000);
    for (std::int64_t& slot : slots) slot = random.between(-1, 1 << 20);
    problem.full_to_swa = harness::strided_values(slots, random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32);
  }
  std::vector<std::int64_t> own(static_cast<std::size_t>(requests));
  for (std::int64_t& slot : own) slot = random.chance(3) ? 5 : random.between(0, 4);
  problem.req_pool_indices = harness::strided_values(own);
}

/// A mode with rows of its own, as many of each request or not.
void draw_rows(harness::random_source& random, std::int64_t requests, harness::problem_data& problem) {
  problem.mode = static_cast<nsameta_mode>(random.between(NSAMETA_TARGET_VERIFY, NSAMETA_EXTEND));
  const bool is_ragged = random.chance(50), is_aligned = row_of(problem.mode).takes_both && random.chance(30);
  if (!is_ragged || is_aligned) problem.uniform_extend_len = random.between(1, 4);
  if (!is_ragged && !is_aligned) return;
  const std::int64_t most = problem.mode == NSAMETA_EXTEND && random.chance(50) ? 3000 : 4;
  std::vector<std::int64_t> tokens(static_cast<std::size_t>(requests));
  for (std::int64_t& count : tokens) count = random.between(random.chance(5) ? -1 : 0, most);
  problem.extend_seq_lens = harness::strided_values(tokens, random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32);
}

/// Padding, drafts to take off lengths, and a limit of these.
void draw_padding(harness::random_source& random, std::int64_t requests, harness::problem_data& problem) {
  if (random.chance(30)) problem.live_requests = static_cast<std::int32_t>(random.between(0, requests));
  problem.seq_pad = random.chance(problem.live_requests ? 50 : 5);
  if (random.chance(20)) problem.context_limit = random.between(1, random.chance(50) ? 300 : 100'000);
  if (!random.chance(20)) return;
  std::vector<std::int64_t> rejected(static_cast<std::size_t>(requests));
  for (std::int64_t& count : rejected) count = random.between(random.chance(5) ? -1 : 0, 6);
  problem.num_rejected = harness::strided_values(rejected);
}

harness::generated_case draw_case(std::uint64_t number) {
  harness::random_source random(number * 0x9e3779b97f4a7c15u);
  const std::int64_t requests = random.chance(2) ? random.pick(many) : random.pick(few);
  harness::generated_case made;
  made.problem.seq_lens =
      harness::strided_values(draw_lengths(random, requests), random.chance(50) ? NSAMETA_INT64 : NSAMETA_INT32);
  if (random.chance(60)) draw_rows(random, requests, made.problem);
  if (random.chance(20)) made.problem.kv_shard = {4, static_cast<std::int32_t>(random.between(0, 3)), 64};
  if (random.chance(20)) made.problem.index_kpool = 64;
  set_blocks(random, requests, made.problem);
  if (random.chance(70)) set_tokens(random, requests, made.problem);
  if (random.chance(50)) {
    std::vector<std::int64_t> wanted(static_cast<std::size_t>(requests));
    for (std::int64_t& count : wanted) count = random.between(-1, 5);
    made.problem.num_logits = harness::strided_values(wanted);
  }
  draw_padding(random, requests, made.problem);
  if (random.chance(30)) harness::set_row_inputs(random, made.problem);
  const auto status = std::ranges::find(vector_fields, std::string_view("status"), &vector_field::name);
  made.layout.vectors[static_cast<std::size_t>(status - vector_fields.begin())] = {true, 1, NSAMETA_INT32, 0};
  made.layout.length_offset = random.chance(20) ? random.between(-2, 5) : 0;
  std::vector<nsameta_plan> plans = draw_plans(random);
  for (nsameta_plan& plan : plans) harness::draw_given(random, made.problem, plan);
  if (random.chance(40)) plans.resize(NSAMETA_PLAN_TOPK + 1);  // GPUs have a kernel for the first kinds
  std::erase_if(plans, [&](const nsameta_plan& plan) { return !harness::plan_applies(plan, made.problem); });
  const std::int64_t affordable = (1 << 16) / (1 + harness::live_shape_of(made.problem).rows);
  for (nsameta_plan& plan : plans)
    if (plan.columns > affordable) plan.columns = static_cast<std::int32_t>(std::max<std::int64_t>(affordable, 1));
  made.layout.ask_for_plans(plans, made.problem);
  for (harness::plan_layout& plan : made.layout.plans)
    for (std::size_t i = 0; i < row_of(plan.asked.kind).buffers.size(); ++i)
      if (has_any_length(row_of(plan.asked.kind).buffers[i]) && random.chance(20))
        plan.capacities[i] = random.between(0, plan.capacities[i]);
  made.layout.make_room_for_padding(made.problem);
  if (random.chance(30)) made.layout.row_values_from = random.between(0, made.problem.view().row_values + 1);
  return made;
}

}  // namespace

TEST_CASE("plans of random batches are the reference's") {
  const std::uint64_t cases = (tested().place.backend == "cpu" ? 10'000 : 1000) / (is_sanitized ? 10 : 1);
  for (std::uint64_t number = 0; number < cases; ++number) {
    CAPTURE(number);
    check_equal(draw_case(number));
  }
}

TEST_CASE("lists of requests of very different lengths, and of positions as pages") {
  harness::generated_case made;
  harness::problem_data& problem = made.problem;
  harness::random_source random(7);
  std::vector<std::int64_t> lengths(700), slots(lengths.size());
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    lengths[r] = r % 50 == 0 ? random.between(4000, 5000) : random.between(0, 3);
    slots[r] = random.between(0, 16);  // of 16
  }
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = harness::strided_values(lengths);
  problem.extend_seq_lens = harness::strided_values(lengths);
  problem.num_logits = harness::strided_values(lengths);
  problem.req_pool_indices = harness::strided_values(slots);
  problem.req_to_token.slots = 16;
  problem.req_to_token.width = problem.req_to_token.row_stride = 4500;
  problem.req_to_token.memory.resize(16 * 4500);
  for (std::int32_t& slot : problem.req_to_token.memory) slot = static_cast<std::int32_t>(random.between(-9, 1 << 30));
  std::vector<nsameta_plan> plans(2);
  plans[0].kind = NSAMETA_PLAN_PAGE_LIST;
  plans[1].kind = NSAMETA_PLAN_LOGITS_ROWS;
  for (const std::int32_t page : {1, 3, 64}) {
    CAPTURE(page);
    problem.page_size = page;
    made.layout.plans.clear();
    made.layout.ask_for_plans(plans, problem);
    check_equal(made);
  }
}

TEST_CASE("context parallelism and lengths of thousands of requests, by many blocks") {
  harness::generated_case made;
  harness::problem_data& problem = made.problem;
  harness::random_source random(11);
  std::vector<std::int64_t> lengths(3000), tokens(lengths.size());
  for (std::size_t r = 0; r < lengths.size(); ++r) {
    tokens[r] = random.chance(5) ? 200'000 : random.between(0, 300);  // more than a request counts
    lengths[r] = tokens[r] + random.between(-100, 5000);
  }
  problem.mode = NSAMETA_EXTEND;
  problem.seq_lens = harness::strided_values(lengths);
  problem.extend_seq_lens = harness::strided_values(tokens);
  problem.kv_shard = {8, 3, 64};
  problem.live_requests = 2900;
  problem.seq_pad = 1;
  problem.context_limit = 4000;
  const auto status = std::ranges::find(vector_fields, std::string_view("status"), &vector_field::name);
  made.layout.vectors[static_cast<std::size_t>(status - vector_fields.begin())] = {true, 1, NSAMETA_INT32, 0};
  std::vector<nsameta_plan> plans(4);
  plans[0].kind = NSAMETA_PLAN_DCP_LOCAL;
  plans[1].kind = NSAMETA_PLAN_ZIGZAG;
  for (const std::int32_t preset : {NSAMETA_CONTEXT_LENS_OF_ROWS, NSAMETA_CONTEXT_LENS_REPEATED}) {
    nsameta_plan& plan = plans[static_cast<std::size_t>(2 + preset)];
    plan.kind = NSAMETA_PLAN_CONTEXT_LENS;
    plan.preset = preset;
    plan.next_n = 5;
  }
  for (const std::int32_t ranks : {1, 3, 64}) {  // fewer ranks than blocks, and more
    CAPTURE(ranks);
    plans[1].parts = ranks;
    plans[1].rank = ranks / 2;
    made.layout.plans.clear();
    made.layout.ask_for_plans(plans, problem);
    check_equal(made);
  }
}

TEST_CASE("more plans than a launch takes, in several sets") {
  harness::generated_case made = draw_case(3);
  made.recipe.sets = NSAMETA_SETS_PER_LAUNCH + 1;
  std::vector<nsameta_plan> plans;
  while (plans.size() < NSAMETA_MAX_PLANS)
    plans.push_back(made.layout.plans[plans.size() % made.layout.plans.size()].asked);
  made.layout.plans.clear();
  made.layout.ask_for_plans(plans, made.problem);
  const auto wrong = harness::check_parity(made, tested().spec);
  CHECK_MESSAGE(!wrong, wrong.value_or(""));
}

}  // namespace nsameta::test

TEST_SUITE_END();
