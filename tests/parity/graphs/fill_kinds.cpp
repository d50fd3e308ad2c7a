#include "fill_kinds.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "harness/random.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::test {
namespace {

constexpr std::int64_t int32_max = std::numeric_limits<std::int32_t>::max();

const std::vector<nsameta_mode> all_modes(nsameta::all_modes.begin(), nsameta::all_modes.end());
const std::vector<nsameta_mode> ragged_modes{NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND};
/// Whose draft steps have other rows.
const std::vector<nsameta_mode> drafting{NSAMETA_TARGET_VERIFY, NSAMETA_DRAFT_EXTEND, NSAMETA_EXTEND};

std::vector<fill_kind> make_kinds() {
  constexpr auto two = field_choice::two, vectors = field_choice::vectors, status = field_choice::with_status,
                 all = field_choice::all;
  constexpr int uniform = gpu::kernel_id<gpu::uniform_lengths_kernel>,
                ragged = gpu::kernel_id<gpu::vectors_kernel<true>>, vector = gpu::kernel_id<gpu::vectors_kernel<false>>,
                full = gpu::kernel_id<gpu::full_kernel<std::int32_t>>, tables = gpu::kernel_id<gpu::tables_kernel<1>>,
                table_sets = gpu::kernel_id<gpu::tables_kernel<NSAMETA_SETS_PER_LAUNCH>>,
                full_int64 = gpu::kernel_id<gpu::full_kernel<std::int64_t>>,
                dealt = gpu::kernel_id<gpu::full_kernel<std::int64_t, any_q_shard>>,
                plans = gpu::kernel_id<gpu::every_plan_kernel>, attention = gpu::kernel_id<gpu::attention_plans_kernel>,
                step_plans = gpu::kernel_id<gpu::step_plans_kernel>;
  return {
      {"two fields, as many rows each", all_modes, uniform, two, {.ragged = false}},
      {"two fields", ragged_modes, ragged, two},
      {"two fields of many requests", ragged_modes, full, two, {.requests = 9000}},
      {"vectors", all_modes, vector, vectors, {.requests = 300}},
      {"vectors of many requests", all_modes, full, vectors, {.requests = 5000}},
      {"vectors, chained", all_modes, vector, vectors, {.sets = 2, .chained = true}},
      {"step", all_modes, tables, vectors, {.tables = true}},
      {"step, chained", all_modes, tables, vectors, {.tables = true, .sets = 2, .chained = true}},
      {"step of many requests", all_modes, full, vectors, {.tables = true, .requests = 4200}},
      {"step of int64 lengths", all_modes, tables, vectors, {.tables = true, .length_dtype = NSAMETA_INT64}},
      {"status word", all_modes, full, status, {.tables = true}},
      {"status word of many requests", all_modes, full, status, {.requests = 17000, .most_tokens = 2}},
      {"tails", all_modes, full, vectors, {.tables = true, .requests = 70, .tails = true}},
      {"tails and status word", all_modes, full, status, {.tables = true, .requests = 70, .tails = true}},
      {"strides", all_modes, tables, vectors, {.tables = true, .stride = 3}},
      {"many rows a request", ragged_modes, full, vectors, {.most_tokens = 50}},
      {"three sets", all_modes, full, status, {.tables = true, .sets = 3}},
      {"three sets of steps", all_modes, table_sets, vectors, {.tables = true, .sets = 3}},
      {"nine sets", all_modes, table_sets, vectors, {.sets = 9}},
      {"int64 sums", all_modes, full_int64, status, {.cu_dtype = NSAMETA_INT64}},
      {"indexer ranges", {NSAMETA_EXTEND}, full_int64, all, {.tables = true}},
      {"split KV", all_modes, full_int64, status, {.tables = true, .kv_shard = {4, 1, 16}}},
      {"dealt tokens", all_modes, dealt, all, {.tables = true, .q_shard = {3, 2, NSAMETA_Q_SHARD_ROUND_ROBIN}}},
      {"dealt in zigzag",
       all_modes,
       dealt,
       all,
       {.tables = true, .tails = true, .q_shard = {3, 0, NSAMETA_Q_SHARD_ZIGZAG}}},
      {"pools", all_modes, full_int64, all, {.index_kpool = 4}},
      {"step vectors", all_modes, full_int64, vectors, {.tables = true, .step_vectors = true}},
      {"step vectors of dealt tokens",
       all_modes,
       dealt,
       status,
       {.tables = true, .tails = true, .q_shard = {3, 1, NSAMETA_Q_SHARD_CONTIGUOUS}, .step_vectors = true}},
      {"plans", all_modes, plans, status, {.tables = true, .step_vectors = true, .plans = true}},
      {"attention plans", all_modes, attention, status, {.tables = true, .step_vectors = true, .plans = true}},
      {"plans beside a step", all_modes, step_plans, vectors, {.tables = true, .plans = true}},
      {"plans of many requests", all_modes, plans, two, {.requests = 5000, .most_tokens = 2, .plans = true}},
      {"three sets of plans",
       all_modes,
       plans,
       vectors,
       {.ragged = false, .kv_shard = {2, 0, 1}, .sets = 3, .plans = true}},
      {"a step and its draft steps", drafting, table_sets, vectors, {.tables = true, .sets = 3, .drafts = true}},
      {"a batch and draft steps with a status word",
       drafting,
       plans,
       status,
       {.tables = true, .sets = 3, .drafts = true, .step_vectors = true}},
      {"a step and draft steps with plans",
       drafting,
       step_plans,
       vectors,
       {.tables = true, .sets = 3, .drafts = true, .plans = true}},
      {"a batch and draft steps with plans",
       drafting,
       plans,
       status,
       {.ragged = false, .sets = 3, .drafts = true, .plans = true}},
      {"three sets of split KV", all_modes, full_int64, status, {.kv_shard = {2, 0, 1}, .sets = 3}},
  };
}

std::int64_t table_width(const fill_kind& kind) { return kind.is_large() ? 20 : 270; }  // two tiles, or a part of one
std::int64_t most_tokens(const fill_kind& kind) { return kind.with.tables ? 2 : kind.with.most_tokens; }
std::int64_t longest(const fill_kind& kind) { return kind.with.tables ? table_width(kind) : 5000; }

bool wanted(field_choice choice, std::string_view field) {
  if (choice == field_choice::two) return field == "seqlens_expanded" || field == "nsa_cache_seqlens";
  if (field.starts_with("indexer") || field.starts_with("local")) return choice == field_choice::all;
  return choice != field_choice::vectors || field != "status";
}

/// Lengths up to `most` in the manner of step `number`; `most` can be below what buffers hold, or 0.
std::vector<std::int64_t> draw(harness::random_source& random, std::int64_t requests, std::int64_t most,
                               std::int64_t number) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(requests), most);
  if (number % 3 == 0) return lengths;
  for (std::int64_t& length : lengths) length = number % 3 == 2 && random.chance(90) ? 0 : random.between(0, most);
  return lengths;
}

/// One of each kind that the problem has and the kernel writes.
std::vector<nsameta_plan> plans_for(const fill_kind& made, const harness::problem_data& problem) {
  std::vector<nsameta_plan> plans;
  for (std::size_t kind = 0; kind < plan_kinds.size(); ++kind) {
    nsameta_plan plan = harness::usual_plan(static_cast<nsameta_plan_kind>(kind));
    if (plan.kind == NSAMETA_PLAN_PAGED_MQA) {
      plan.preset = NSAMETA_MQA_DG_2026_06_SM100;
      plan.parts = 40;
      plan.next_n = 3;
    }
    if (plan.kind == NSAMETA_PLAN_TOPK) plan.threshold = 100;
    if (plan.kind == NSAMETA_PLAN_CONTEXT_LENS) plan.next_n = 3;
    const bool is_written =
        made.kernel != gpu::kernel_id<gpu::attention_plans_kernel> || gpu::attention_rules::has(plan.kind);
    if (is_written && harness::plan_applies(plan, problem)) plans.push_back(plan);
  }
  return plans;
}

void spoil(harness::random_source& random, std::vector<std::int64_t>& lengths, std::int64_t large) {
  for (std::int64_t& length : lengths)
    if (random.chance(10)) length = random.chance(50) ? -random.between(1, int32_max) : large;
}

}  // namespace

const std::vector<fill_kind>& fill_kinds() {
  static const std::vector<fill_kind> kinds = make_kinds();
  return kinds;
}

harness::problem_data full_problem(const fill_kind& kind, nsameta_mode mode) {
  const auto requests = static_cast<std::size_t>(kind.with.requests);
  harness::problem_data full;
  full.mode = mode;
  full.index_topk = 100;
  full.page_size = 4;
  full.index_kpool = kind.with.index_kpool;
  full.kv_shard = kind.with.kv_shard;
  full.q_shard = kind.with.q_shard;
  const bool has_lengths = row_of(mode).takes_ragged;
  if (row_of(mode).takes_uniform && !(has_lengths && kind.with.ragged))
    full.uniform_extend_len = std::min<std::int64_t>(most_tokens(kind), 3);
  // What is verified comes on top of the context.
  const std::int64_t context = longest(kind) - (row_of(mode).drafts ? full.uniform_extend_len : 0);
  full.seq_lens = harness::strided_values(std::vector(requests, context), kind.with.length_dtype, kind.with.stride);
  if (has_lengths && kind.with.ragged)
    full.extend_seq_lens =
        harness::strided_values(std::vector(requests, most_tokens(kind)), kind.with.length_dtype, kind.with.stride);
  if (kind.with.tables) {
    harness::random_source random(static_cast<std::uint64_t>(kind.with.requests));
    const std::int64_t slots = std::min<std::int64_t>(kind.with.requests, 50), width = table_width(kind);
    full.req_to_token = {{}, 0, slots, width, width + 3};
    for (std::int64_t i = 0; i < slots * (width + 3); ++i)
      full.req_to_token.memory.push_back(static_cast<std::int32_t>(random.between(-1, 1 << 30)));
    std::vector<std::int64_t> own(requests);
    for (std::size_t r = 0; r < requests; ++r) own[r] = static_cast<std::int64_t>(r) % slots;
    full.req_pool_indices = harness::strided_values(own, kind.with.length_dtype, kind.with.stride);
  }
  if (kind.with.step_vectors) {
    full.block_size = 8;
    const std::int64_t blocks = longest(kind) / full.block_size;  // a part of one is left over
    full.block_table = {{}, 0, kind.with.requests, blocks, blocks};
    for (std::int64_t i = 0; i < kind.with.requests * blocks; ++i)
      full.block_table.memory.push_back(static_cast<std::int32_t>(i * 7 % 1000));
  }
  return full;
}

std::vector<harness::output_layout> layouts_for(const fill_kind& kind, const harness::problem_data& full) {
  std::vector<harness::output_layout> layouts;
  for (std::int64_t set = 0; set < kind.with.sets; ++set) {
    harness::output_layout layout = exact_layout(full, live_shape_of(full));
    if (kind.with.drafts)
      layout.draft_step = static_cast<std::int32_t>(set);
    else
      layout.length_offset = set;
    if (kind.with.step_vectors) layout.ask_for_step_vectors(full);
    if (kind.with.plans) layout.ask_for_plans(plans_for(kind, full), full);
    for (std::size_t i = 0; i < vector_fields.size(); ++i) {
      harness::vector_layout& vector = layout.vectors[i];
      vector.wanted = vector.wanted && wanted(kind.fields, vector_fields[i].name);
      vector.misalignment = set;
      vector.dtype = vector_fields[i].dtype(kind.with.cu_dtype == NSAMETA_INT64);
      if (kind.with.tails && vector.capacity > 1) vector.capacity += 17;
    }
    if (kind.with.tails) {
      layout.vector_tail = NSAMETA_TAIL_ZERO;
      layout.table_tail = NSAMETA_TAIL_VALUE;
      layout.table_tail_value = -9;
      for (harness::table_layout& table : layout.tables) table.rows += 2;
    }
    for (std::size_t i = 0; i < table_fields.size(); ++i)
      layout.tables[i].wanted = layout.tables[i].wanted && wanted(kind.fields, table_fields[i].name);
    layouts.push_back(layout);
  }
  return layouts;
}

length_step step_of(const fill_kind& kind, const harness::problem_data& full, std::int64_t number, std::int64_t count) {
  harness::random_source random(static_cast<std::uint64_t>(number));
  const std::int64_t middle = count / 2;
  const std::int64_t climbed = number <= middle ? number : count - number;
  const bool is_full = number == middle, is_over = number == middle + 1;
  const std::int64_t manner = is_full || is_over ? 0 : number;
  const auto most = [&](std::int64_t whole) { return is_over ? whole : whole * climbed / middle; };

  std::vector<std::int64_t> seq_lens = draw(random, kind.with.requests, most(full.seq_lens[0]), manner);
  std::vector<std::int64_t> tokens, slots;
  if (full.extend_seq_lens.present()) tokens = draw(random, kind.with.requests, most(most_tokens(kind)), manner);
  if (row_of(full.mode).rows_within_cache)  // the new tokens are part of the context
    for (std::size_t r = 0; r < tokens.size(); ++r) seq_lens[r] = std::max(seq_lens[r], tokens[r]);
  if (is_over) {
    ++seq_lens.back();
    if (!tokens.empty()) ++tokens.front();
  }
  if (full.req_pool_indices.present()) {
    slots = full.req_pool_indices.values();
    std::ranges::rotate(slots, slots.begin() + number % kind.with.requests);
  }
  if (number % 8 == 6 && !is_full && !is_over) {
    spoil(random, seq_lens, int32_max);
    spoil(random, tokens, most_tokens(kind) + 1);
    spoil(random, slots, int32_max);
  }
  const auto laid = [&](const std::vector<std::int64_t>& values) {
    return values.empty() ? harness::strided_values()
                          : harness::strided_values(values, kind.with.length_dtype, kind.with.stride);
  };
  return {laid(seq_lens), laid(tokens), laid(slots)};
}

}  // namespace nsameta::test
