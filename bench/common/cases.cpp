#include "cases.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

#include "harness/live_shape.h"
#include "harness/random.h"

namespace nsameta::bench {
namespace {

using harness::generated_case;
using harness::random_source;
using harness::strided_values;

constexpr std::uint64_t seed = 20231116;
constexpr std::array<std::string_view, 2> two{"seqlens_expanded", "nsa_cache_seqlens"};
constexpr std::array<std::string_view, 5> engine{"cache_seqlens", "cu_seqlens_k", "seqlens_expanded",
                                                 "nsa_cache_seqlens", "nsa_cu_seqlens_k"};

std::vector<std::int64_t> random_lengths(random_source& random, std::int64_t count, std::int64_t low,
                                         std::int64_t high) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(count));
  for (std::int64_t& length : lengths) length = random.between(low, high);
  return lengths;
}

generated_case batch(nsameta_mode mode, std::int64_t requests, std::int64_t low, std::int64_t high) {
  random_source random(seed);
  generated_case made;
  made.problem.mode = mode;
  made.problem.seq_lens = strided_values(random_lengths(random, requests, low, high));
  return made;
}

generated_case with_all_fields(generated_case made) {
  made.layout = exact_layout(made.problem, live_shape_of(made.problem));
  return made;
}

}  // namespace

std::span<const std::string_view> two_fields() { return two; }
std::span<const std::string_view> engine_fields() { return engine; }

generated_case decode_case(std::int64_t requests) { return with_all_fields(batch(NSAMETA_DECODE, requests, 1, 8192)); }

generated_case verify_case(std::int64_t requests, std::int64_t draft_tokens) {
  generated_case made = batch(NSAMETA_TARGET_VERIFY, requests, 1, 8192);
  made.problem.uniform_extend_len = draft_tokens;
  return with_all_fields(std::move(made));
}

generated_case ragged_case(std::int64_t requests, std::int64_t low, std::int64_t high, std::uint64_t turn) {
  generated_case made = batch(NSAMETA_DRAFT_EXTEND, requests, 1, 8192);
  random_source random(seed + 1 + turn);
  made.problem.extend_seq_lens = strided_values(random_lengths(random, requests, low, high));
  return with_all_fields(std::move(made));
}

generated_case long_rows_case(std::int64_t requests) {
  generated_case made = batch(NSAMETA_DRAFT_EXTEND, requests, 9000, 11000);
  random_source random(seed + 1);
  std::vector<std::int64_t> queries(static_cast<std::size_t>(requests), 100);
  for (std::size_t r = 0; r + 1 < queries.size(); r += 2) {
    queries[r] = random.between(1, 199);
    queries[r + 1] = 200 - queries[r];
  }
  made.problem.extend_seq_lens = strided_values(queries);
  return with_all_fields(std::move(made));
}

generated_case step_case(nsameta_mode mode, int tables, std::int64_t live, std::int64_t requests) {
  generated_case made = batch(mode, requests, live - 7, live);
  random_source random(seed + 1);
  if (mode == NSAMETA_DRAFT_EXTEND)
    made.problem.extend_seq_lens = strided_values(random_lengths(random, requests, 1, 4));
  if (tables > 0) {
    std::vector<std::int64_t> slots(static_cast<std::size_t>(requests));
    std::iota(slots.begin(), slots.end(), 0);
    for (std::size_t i = slots.size(); i > 1; --i)
      std::swap(slots[i - 1], slots[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(i) - 1))]);
    made.problem.req_pool_indices = strided_values(slots);
    harness::token_table& table = made.problem.req_to_token;
    table.slots = requests;
    table.width = table.row_stride = live;
    table.memory.resize(static_cast<std::size_t>(requests * live));
    std::iota(table.memory.begin(), table.memory.end(), 0);
  }
  ask_for(made, engine);
  made.layout.tables[0].wanted = tables > 1;  // page_table_1
  made.layout.tables[1].wanted = tables > 0;
  return made;
}

void ask_for(generated_case& measured, std::span<const std::string_view> vectors, std::int64_t row_capacity) {
  measured.layout = exact_layout(measured.problem, live_shape_of(measured.problem));
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const vector_field& field = vector_fields[i];
    harness::vector_layout& vector = measured.layout.vectors[i];
    vector.wanted = std::find(vectors.begin(), vectors.end(), field.name) != vectors.end();
    const bool per_row = field.size == extent::rows || field.size == extent::rows_plus_one;
    if (per_row && row_capacity > 0)
      vector.capacity = element_count(field.size, measured.problem.batch_size(), row_capacity);
  }
  for (harness::table_layout& table : measured.layout.tables) table.wanted = false;
}

std::int64_t rows_of(const generated_case& measured) { return live_shape_of(measured.problem).rows; }

std::int64_t live_bytes(const generated_case& measured) {
  const harness::live_shape shape = live_shape_of(measured.problem);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < vector_fields.size(); ++i) {
    const harness::vector_layout& vector = measured.layout.vectors[i];
    if (vector.wanted)
      bytes +=
          element_count(vector_fields[i].size, measured.problem.batch_size(), shape.rows) * element_bytes(vector.dtype);
  }
  const nsameta_problem problem = measured.problem.view();
  for (const harness::live_request& request : shape.requests)
    for (std::size_t i = 0; i < table_fields.size(); ++i)
      if (measured.layout.tables[i].wanted)
        bytes += (request.table_rows + request.mirror_rows) * table_fields[i].columns(request.positions, problem) * 4;
  return bytes;
}

}  // namespace nsameta::bench
