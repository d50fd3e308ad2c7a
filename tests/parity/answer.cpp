#include "answer.h"

#include <algorithm>
#include <span>

#include <doctest/doctest.h>

#include "fixture.h"
#include "harness/library_error.h"
#include "tested_backend.h"

namespace nsameta::test {
namespace {

/// Live elements of the answer, empty of a field that the problem lacks. Read as they stand: the ranks of all workloads
/// make hundreds of thousands of arrays.
longs elements(const nsameta_outputs& outputs, nsameta_vector nsameta_outputs::* member,
               const harness::live_shape& shape) {
  const auto field = std::ranges::find(vector_fields, member, &vector_field::member);
  const nsameta_vector live = live_part(*field, outputs.*member, shape);
  const auto copy = [&](const auto* data) { return data ? longs(data, data + live.capacity) : longs{}; };
  return live.dtype == NSAMETA_INT64 ? copy(static_cast<const std::int64_t*>(live.data))
                                     : copy(static_cast<const std::int32_t*>(live.data));
}

rows elements(const nsameta_outputs& outputs, const table_field& field, const harness::live_shape& shape) {
  const nsameta_table& table = outputs.*field.member;
  rows all;
  if (table.data == nullptr) return all;
  for (const std::span<const std::int32_t> row : live_rows(field, table, shape))
    all.emplace_back(row.begin(), row.end());
  return all;
}

}  // namespace

answer answer_of(const harness::problem_data& problem) {
  const nsameta_target target = tested().place.target();
  const harness::live_shape shape = live_shape_of(problem);
  filling fill(problem, {exact_layout(problem, shape)}, tested().place, harness::pages_in_turn());
  note_case(tested().spec, problem);
  harness::check(nsameta_fill(&fill.problem(), &fill.outputs(), &target));
  synchronize();

  const nsameta_outputs& filled = fill.read_back();
  REQUIRE(fill.damaged_guard() == "");
  REQUIRE(fill.damage() == "");  // nor an input
  const auto vector = [&](auto member) { return elements(filled, member, shape); };
  // Drafts may pass the table's width; nothing else about the workloads is wrong.
  const std::int64_t word = vector(&nsameta_outputs::status).at(0);
  REQUIRE((word & ~std::int64_t{NSAMETA_BIT_CONTEXT_EXCEEDED}) == 0);
  return {vector(&nsameta_outputs::cache_seqlens),       vector(&nsameta_outputs::cu_seqlens_k),
          vector(&nsameta_outputs::cu_seqlens_q),        vector(&nsameta_outputs::seqlens_expanded),
          vector(&nsameta_outputs::nsa_cache_seqlens),   vector(&nsameta_outputs::nsa_cu_seqlens_k),
          vector(&nsameta_outputs::nsa_cu_seqlens_q),    vector(&nsameta_outputs::token_to_batch),
          vector(&nsameta_outputs::indexer_ks),          vector(&nsameta_outputs::indexer_ke),
          vector(&nsameta_outputs::local_cache_seqlens), elements(filled, table_fields[0], shape),
          elements(filled, table_fields[1], shape),      elements(filled, table_fields[2], shape),
          vector(&nsameta_outputs::total_rows).at(0)};
}

longs prefix_sums(const longs& values) {
  longs sums{0};
  for (const std::int64_t value : values) sums.push_back(sums.back() + value);
  return sums;
}

}  // namespace nsameta::test
