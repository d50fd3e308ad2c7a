/// Any bytes as lengths, slots, tables and the shapes around them: cpu and simt give what the reference gives, bit for
/// bit, between protected pages.
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "fixture.h"
#include "fuzz.h"
#include "harness/compare.h"
#include "harness/fault_note.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "plans.h"
#include "problem.h"

namespace nsameta::test {
namespace {

using harness::output_layout;
using harness::problem_data;

constexpr std::int64_t most_requests = 70, most_rows = 700, most_table_rows = 40;

/// Mostly small, at times anything.
std::int64_t any_length(byte_reader& in, nsameta_dtype dtype) {
  const auto kind = in.take<std::uint8_t>();
  if (kind < 0xf0) return kind;
  if (kind < 0xf8) return in.take<std::uint16_t>();
  return dtype == NSAMETA_INT64 ? in.take<std::int64_t>() : in.take<std::int32_t>();
}

harness::strided_values any_lengths(byte_reader& in, std::int64_t count, nsameta_dtype dtype, std::int64_t stride) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  for (std::int64_t& value : values) value = stride > 0 || &value == values.data() ? any_length(in, dtype) : values[0];
  return harness::strided_values(values, dtype, stride);
}

/// A number of int32 that is at least 1.
std::int32_t any_positive(byte_reader& in) {
  return static_cast<std::int32_t>(std::max<std::int64_t>(any_length(in, NSAMETA_INT32), 1));
}

void set_shards(byte_reader& in, problem_data& problem) {
  enum { none, cache, both, queries };
  const auto choice = in.between(0, 23), which = choice % 8;
  const auto kind = static_cast<nsameta_q_shard_kind>(choice / 8);
  const auto size = static_cast<std::int32_t>(in.between(1, 9));
  const auto rank = static_cast<std::int32_t>(in.between(0, size - 1));
  if (which == both || which == queries) problem.q_shard = {size, rank, kind};
  if (which != cache && which != both) return;
  const bool any_period = which == cache || kind != NSAMETA_Q_SHARD_ROUND_ROBIN;
  const std::int64_t interleave = any_period ? any_positive(in) : 16, pool = problem.index_kpool;
  const std::int64_t pooled = (interleave + pool - 1) / pool * pool;
  // A pool that makes the cache's period too long for the call is left out.
  const bool fits = any_period ? pooled <= std::numeric_limits<std::int32_t>::max() : pooled * size <= 65536;
  if (!fits) problem.index_kpool = 1;
  problem.kv_shard = {size, rank, static_cast<std::int32_t>(fits ? pooled : interleave)};
}

/// What is left of the input, over and over, as the table's entries.
void set_tables(byte_reader& in, nsameta_dtype dtype, std::int64_t stride, problem_data& problem) {
  harness::token_table& table = problem.req_to_token;
  table.slots = in.between(1, 6);
  table.width = in.take<std::uint16_t>() % 400;
  table.row_stride = table.width + in.between(0, 5);
  table.first = in.between(0, 7);
  constexpr std::array<std::int32_t, 16> page_sizes{1,   2, 4,   8,   16,   32,   64,   128,
                                                    256, 3, 100, 640, 1152, 2176, 4096, 65536};
  problem.page_size = page_sizes[static_cast<std::size_t>(in.between(0, 15))];
  problem.req_pool_indices = any_lengths(in, problem.batch_size(), dtype, stride);
  const auto content = in.rest();
  table.memory.resize(static_cast<std::size_t>(table.first + table.slots * table.row_stride));
  auto* bytes = reinterpret_cast<std::uint8_t*>(table.memory.data());
  for (std::size_t i = 0; i < table.memory.size() * 4; ++i)
    bytes[i] = content.empty() ? static_cast<std::uint8_t>(i * 37) : content[i % content.size()];
}

/// A block for each request and column that is little.
void set_block_table(byte_reader& in, problem_data& problem) {
  const std::int32_t run = problem.kv_shard.size > 1 ? problem.kv_shard.interleave : 1;
  const auto runs = static_cast<std::int32_t>(in.between(1, 80));
  problem.pad_slot = in.take<std::int8_t>();
  if (run > 65536) return;  // no block is so long
  problem.block_size = std::min(runs, 65536 / run) * run;
  harness::token_table& table = problem.block_table;
  table.slots = problem.batch_size() + in.between(0, 2);
  table.width = in.between(0, 40);
  table.row_stride = table.width + in.between(0, 3);
  table.memory.resize(static_cast<std::size_t>(table.slots * table.row_stride) + 1);
  for (std::size_t i = 0; i < table.memory.size(); ++i) table.memory[i] = static_cast<std::int32_t>(i * 37) - 1;
}

problem_data any_problem(byte_reader& in) {
  problem_data problem;
  problem.mode = static_cast<nsameta_mode>(in.between(0, 3));
  const nsameta_dtype dtype = in.flag() ? NSAMETA_INT64 : NSAMETA_INT32;
  constexpr std::array<std::int64_t, 4> strides{1, 1, 0, 3};
  const std::int64_t requests = in.between(0, most_requests),
                     stride = strides[static_cast<std::size_t>(in.between(0, 3))];
  const bool is_ragged = problem.mode >= NSAMETA_DRAFT_EXTEND && in.flag();
  if (problem.mode != NSAMETA_DECODE && !is_ragged) problem.uniform_extend_len = any_positive(in);
  problem.index_topk = in.flag() ? any_positive(in) : 2048;
  problem.index_kpool = in.flag() ? any_positive(in) : 1;
  set_shards(in, problem);
  problem.seq_lens = any_lengths(in, requests, dtype, stride);
  if (is_ragged) problem.extend_seq_lens = any_lengths(in, requests, dtype, stride);
  if (in.flag()) set_block_table(in, problem);
  if (in.flag()) set_tables(in, dtype, stride, problem);
  if (in.flag()) problem.live_requests = in.take<std::int8_t>();
  problem.seq_pad = in.flag();
  return problem;
}

std::vector<nsameta_plan> any_plans(byte_reader& in, problem_data& problem) {
  std::vector<nsameta_plan> plans(2);
  plans[0].kind = NSAMETA_PLAN_PAGED_MQA;
  plans[0].preset = static_cast<std::int32_t>(in.between(0, std::ssize(mqa_presets) - 1));
  plans[0].next_n = static_cast<std::int32_t>(in.between(1, 64));
  plans[1].kind = NSAMETA_PLAN_FLASHMLA;
  plans[1].preset = static_cast<std::int32_t>(in.between(0, 1));
  plans[1].block = static_cast<std::int32_t>(in.between(1, 1024));
  plans[1].overhead = static_cast<std::int32_t>(in.between(0, 64));
  if (in.flag()) plans[1].topk = static_cast<std::int32_t>(in.between(0, 4096));
  if (in.flag()) problem.topk_lens = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  for (nsameta_plan& plan : plans) plan.parts = static_cast<std::int32_t>(in.between(1, 300));
  const std::int64_t rows = problem.batch_size() * lengths_of(problem.view()).uniform_rows;
  if (rows > 0 && rows < most_rows) {
    plans.emplace_back().kind = NSAMETA_PLAN_TOPK;
    plans.back().threshold = in.take<std::uint16_t>();
    nsameta_plan& works = plans.emplace_back();
    works.kind = NSAMETA_PLAN_AITER;
    works.preset = static_cast<std::int32_t>(in.between(0, std::ssize(aiter_preset_names) - 1));
    works.parts = static_cast<std::int32_t>(in.between(1, 300));
    works.block = static_cast<std::int32_t>(in.between(1, 1024));
    works.page_size = in.flag() ? static_cast<std::int32_t>(in.between(1, 1024)) : 1;
    works.topk = in.flag() ? static_cast<std::int32_t>(in.between(0, 4096)) : 0;
    works.most_splits = static_cast<std::int32_t>(in.between(0, 40));
    works.head_ratio = works.preset == NSAMETA_AITER_FAST ? 1 : static_cast<std::int32_t>(in.between(1, 3));
  }
  plans.emplace_back().kind = NSAMETA_PLAN_PAGE_LIST;
  plans.back().preset = static_cast<std::int32_t>(in.between(0, 1));
  if (!plan_applies(plans.back(), problem)) plans.pop_back();
  if (rows > 0 && rows < most_rows) plans.emplace_back().kind = NSAMETA_PLAN_LOGITS_ROWS;
  if (in.flag()) {  // not always: GPUs have a kernel for the first kinds alone
    plans.emplace_back().kind = NSAMETA_PLAN_DCP_LOCAL;
    plans.emplace_back().kind = NSAMETA_PLAN_CONTEXT_LENS;
    plans.back().preset = static_cast<std::int32_t>(in.between(0, 1));
    plans.back().next_n = static_cast<std::int32_t>(in.between(1, 64));
    plans.emplace_back().kind = NSAMETA_PLAN_ZIGZAG;
    plans.back().parts = static_cast<std::int32_t>(in.between(1, 8));
    plans.back().rank = static_cast<std::int32_t>(in.between(0, plans.back().parts - 1));
    nsameta_plan cache{};
    cache.ratio = static_cast<std::int32_t>(in.flag() ? in.between(1, most_ratio) : in.between(1, 8));
    cache.block = static_cast<std::int32_t>(in.flag() ? in.between(1, 65536) : problem.page_size / cache.ratio);
    nsameta_plan& of_requests = plans.emplace_back();
    of_requests.kind = NSAMETA_PLAN_COMPRESSED_REQUESTS;
    of_requests.ratio = cache.ratio;
    if (live_shape_of(problem).rows <= most_rows) {
      nsameta_plan& events = plans.emplace_back();
      events.kind = NSAMETA_PLAN_COMPRESSED_EVENTS;
      events.ratio = cache.ratio;
      events.overlap = in.flag();
      nsameta_plan& carries = plans.emplace_back();
      carries.kind = NSAMETA_PLAN_COMPRESSED_CARRIES;
      carries.ratio = cache.ratio;
      nsameta_plan& ragged = plans.emplace_back();
      ragged.kind = NSAMETA_PLAN_RAGGED_ROWS;
      ragged.ratio = cache.ratio;
      ragged.ragged_align = static_cast<std::int32_t>(in.between(1, 70));
    }
    if (cache.ratio < 1000 && live_shape_of(problem).rows <= most_rows) {
      nsameta_plan state{};
      state.ratio = cache.ratio;
      state.preset = static_cast<std::int32_t>(in.between(0, 2));
      const bool is_running = state.preset == NSAMETA_STATE_RUNNING;
      state.ring = is_running ? 1 : cache.ratio * static_cast<std::int32_t>(in.between(2, 4));
      if (is_running) state.slot_offset = in.take<std::uint8_t>();
      if (state.preset == NSAMETA_STATE_OF_WINDOW)
        state.page_size = state.ring * static_cast<std::int32_t>(in.between(1, 3));
      if (in.flag()) problem.full_to_swa = any_lengths(in, in.between(1, 40), NSAMETA_INT32, 1);
      for (const nsameta_plan_kind kind :
           {NSAMETA_PLAN_STATE_DECODE, NSAMETA_PLAN_STATE_COMPRESS, NSAMETA_PLAN_STATE_WRITE}) {
        state.kind = kind;
        if (kind != NSAMETA_PLAN_STATE_DECODE) state.overlap = in.flag();
        if (plan_applies(state, problem)) plans.push_back(state);
      }
    }
    nsameta_plan of_rows = cache, indices = cache, blocks = cache, gathered = cache;
    gathered.kind = NSAMETA_PLAN_RAGGED_BLOCKS;
    of_rows.kind = NSAMETA_PLAN_COMPRESSED_ROWS;
    of_rows.topk = indices.topk = in.take<std::uint8_t>();
    of_rows.no_slot = in.take<std::int8_t>();
    indices.kind = NSAMETA_PLAN_COMPRESSED_INDICES;
    indices.index_align = static_cast<std::int32_t>(in.between(1, 70));
    blocks.kind = NSAMETA_PLAN_COMPRESSED_BLOCKS;
    blocks.preset = static_cast<std::int32_t>(in.between(0, 1));
    indices.columns = blocks.columns = static_cast<std::int32_t>(in.between(1, 80));
    if (cache.block > 0 && plan_applies(of_rows, problem) && live_shape_of(problem).rows <= most_rows)
      plans.insert(plans.end(), {of_rows, indices, blocks, gathered});
  }
  if (in.flag()) {
    nsameta_plan window{};
    window.kind = NSAMETA_PLAN_WINDOW;
    window.preset = static_cast<std::int32_t>(in.between(0, 2));
    window.window = static_cast<std::int32_t>(in.between(1, 200));
    window.ring = window.preset == NSAMETA_WINDOW_OF_RINGS ? static_cast<std::int32_t>(in.between(1, 200)) : 0;
    window.oldest_first = in.flag();
    window.whole_step = in.flag();
    window.columns = static_cast<std::int32_t>(in.between(1, 80));
    window.index_align = static_cast<std::int32_t>(in.between(1, 70));
    if (in.flag()) problem.full_to_swa = any_lengths(in, in.between(1, 40), NSAMETA_INT32, 1);
    if (plan_applies(window, problem) && live_shape_of(problem).rows <= most_rows) plans.push_back(window);
  }
  if (in.flag()) problem.num_logits = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  if (in.flag()) problem.num_rejected = any_lengths(in, problem.batch_size(), NSAMETA_INT64, 1);
  return plans;
}

/// Capacities around what is live, as far as that is little.
output_layout any_layout(byte_reader& in, problem_data& problem) {
  const std::array<std::int64_t, 6> offsets{
      0, 1, -70, std::int64_t{1} << 31, -(std::int64_t{1} << 31), in.take<std::int16_t>()};
  const std::int64_t offset = offsets[static_cast<std::size_t>(in.between(0, 5))];
  output_layout layout = exact_layout(problem, live_shape_of(problem, offset));
  layout.length_offset = offset;
  const auto wanted = in.take<std::uint32_t>(), wide = in.take<std::uint32_t>();
  if ((wide >> vector_fields.size() & 1) != 0) layout.ask_for_step_vectors(problem);
  if ((wide >> (vector_fields.size() + 1) & 1) != 0 && problem.q_shard.size == 1)
    layout.ask_for_plans(any_plans(in, problem), problem);
  const std::int64_t spare = in.between(0, 20) - 5;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    harness::vector_layout& vector = layout.vectors[i];
    const bool asked = vector_fields[i].step_vector ? vector.wanted : field_applies(vector_fields[i], problem);
    vector.wanted = asked && (wanted >> i & 1) == 0;
    vector.dtype = vector_fields[i].dtype((wide >> i & 1) != 0);
    const bool per_row = vector_fields[i].size == extent::rows || vector_fields[i].size == extent::rows_plus_one;
    if (per_row) vector.capacity = std::clamp<std::int64_t>(vector.capacity + spare, 0, most_rows);
    vector.misalignment = in.between(0, 3);
  }
  for (std::size_t i = 0; i < table_fields.size(); ++i) {
    harness::table_layout& table = layout.tables[i];
    table.wanted = table.wanted && (wanted >> (vector_fields.size() + i) & 1) == 0;
    table.rows = std::clamp<std::int64_t>(table.rows + spare, 0, most_table_rows);
    table.width = std::max<std::int64_t>(table.width + in.between(0, 9) - 4, 0);
    table.row_stride = table.width + in.between(0, 5);
    table.misalignment = in.between(0, 7);
  }
  layout.vector_tail = in.flag() ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
  layout.table_tail = static_cast<nsameta_tail>(in.between(0, 2));
  layout.table_tail_value = -9;
  layout.draft_step = in.flag() ? static_cast<std::int32_t>(in.between(0, 5)) : 0;
  return layout;
}

nsameta_status fill_on(const std::string& backend, const filling& fill) {
  const nsameta_target target = harness::place_of(backend).target();
  const nsameta_status status = nsameta_fill_on(backend.c_str(), &fill.problem(), &fill.outputs(), &target);
  require_sound(status, backend.c_str());
  return status;
}

std::vector<std::string> list_simt() {
  std::vector<std::string> all = all_variants();
  std::erase_if(all, [](const std::string& spec) { return !spec.starts_with("simt"); });
  return all;
}

void compare_backends(std::span<const std::uint8_t> input) {
  static const std::vector<std::string> simt = list_simt();
  byte_reader in(input);
  const auto choice = in.take<std::uint8_t>();
  const harness::guard kind = (choice & 1) != 0 ? harness::guard::page_before : harness::guard::page_behind;
  // In front and of fixed size, so that a change of the problem leaves the layout as it is.
  byte_reader for_layout = in.part(40);
  problem_data problem = any_problem(in);
  const output_layout layout = any_layout(for_layout, problem);

  filling expected(problem, {layout}, {}, kind), tested(problem, {layout}, {}, kind);
  const nsameta_status status = fill_on("reference", expected);
  for (const std::string& backend :
       {std::string("cpu/serial"), std::string("cpu/tbb"), simt[(choice >> 1) % simt.size()]}) {
    harness::note_for_faults(backend.c_str());
    tested.reset();
    if (const nsameta_status own = fill_on(backend, tested); own != status)
      found(backend + " returns " + nsameta_status_name(own) + ", the reference " + nsameta_status_name(status));
    const auto differs = harness::compare(tested.read_back(), expected.read_back());
    const std::string wrong = differs ? to_string(*differs) : tested.damage();
    if (!wrong.empty()) found(backend + ": " + wrong + "\n" + problem_to_json(problem).dump());
  }
}

}  // namespace
}  // namespace nsameta::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  nsameta::test::compare_backends({data, size});
  return 0;
}
