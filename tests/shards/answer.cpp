#include "answer.h"

#include <doctest/doctest.h>

#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "matrix/parity.h"
#include "matrix/tested_backend.h"
#include "nsameta/device.h"

namespace nsameta::shards {

answer answer_of(const harness::problem_data& problem) {
  const harness::device_place& place = matrix::tested().place;
  const nsameta_target target = place.target();
  const harness::guard kind = harness::pages_in_turn();
  harness::input_buffers inputs(place, kind);
  inputs.upload(problem);
  harness::output_buffers outputs(place, exact_layout(problem, live_shape_of(problem)), kind);
  matrix::note_case(matrix::tested().spec, {{}, problem, {}});
  harness::check(nsameta_fill(&inputs.view(), &outputs.view(), &target));
  harness::check(nsameta_device_synchronize(place.backend.c_str(), place.index, nullptr));

  const harness::json fields = harness::answer_to_json(problem, outputs.read_back());
  REQUIRE_FALSE(outputs.damaged_guard());
  REQUIRE_FALSE(inputs.changed());
  // Drafts may pass the table's width; nothing else about the workloads is wrong.
  const auto word = fields.value("status", harness::json::array({"context_exceeded"}));
  REQUIRE_MESSAGE(word == harness::json::array({"context_exceeded"}), word.dump());
  const auto vector = [&](const char* name) { return fields.contains(name) ? fields[name].get<ints>() : ints{}; };
  const auto table = [&](const char* name) { return fields.contains(name) ? fields[name].get<rows>() : rows{}; };
  return {vector("cache_seqlens"),     vector("cu_seqlens_k"),     vector("cu_seqlens_q"),
          vector("seqlens_expanded"),  vector("nsa_cache_seqlens"), vector("nsa_cu_seqlens_k"),
          vector("nsa_cu_seqlens_q"),  vector("token_to_batch"),   vector("indexer_ks"),
          vector("indexer_ke"),        table("page_table_1"),      table("real_page_table"),
          fields["total_rows"].get<std::int64_t>()};
}

ints prefix_sums(const ints& values) {
  ints sums{0};
  for (const std::int64_t value : values) sums.push_back(sums.back() + value);
  return sums;
}

}  // namespace nsameta::shards
