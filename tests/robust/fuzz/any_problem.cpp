#include "any_problem.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <vector>

#include "harness/compare.h"
#include "harness/fault_note.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"

namespace nsameta::test {

using harness::problem_data;

namespace {

constexpr std::int64_t most_requests = 70;

/// Mostly small, at times anything.
std::int64_t any_length(byte_reader& in, nsameta_dtype dtype) {
  const auto kind = in.take<std::uint8_t>();
  if (kind < 0xf0) return kind;
  if (kind < 0xf8) return in.take<std::uint16_t>();
  return dtype == NSAMETA_INT64 ? in.take<std::int64_t>() : in.take<std::int32_t>();
}

}  // namespace

harness::strided_values any_lengths(byte_reader& in, std::int64_t count, nsameta_dtype dtype, std::int64_t stride) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(count));
  for (std::int64_t& value : values) value = stride > 0 || &value == values.data() ? any_length(in, dtype) : values[0];
  return harness::strided_values(values, dtype, stride);
}

namespace {

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

}  // namespace

void compare_backends(std::span<const std::uint8_t> input, std::size_t layout_bytes, layout_maker any_layout) {
  static const std::vector<std::string> simt = list_simt();
  byte_reader in(input);
  const auto choice = in.take<std::uint8_t>();
  const harness::guard kind = (choice & 1) != 0 ? harness::guard::page_before : harness::guard::page_behind;
  byte_reader for_layout = in.part(layout_bytes);
  problem_data problem = any_problem(in);
  const harness::output_layout layout = any_layout(for_layout, problem);

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

}  // namespace nsameta::test
