/// Fills recorded into a graph and replayed with other lengths in the same buffers: what an engine does on every step.
#include <doctest/doctest.h>

#include <optional>
#include <vector>

#include "axes.h"
#include "deals.h"
#include "fixture.h"
#include "harness/library_error.h"
#include "nsameta/device.hpp"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

using harness::check;

/// What a later step has in common with the captured one: all that the host tells, and the engine's own table.
harness::generated_case step_like(const harness::generated_case& first, harness::length_pattern pattern,
                                  std::uint64_t seed) {
  harness::case_recipe recipe = first.recipe;
  recipe.pattern = pattern;
  recipe.seed = seed;
  harness::generated_case step = harness::build_case(recipe);
  step.problem.uniform_extend_len = first.problem.uniform_extend_len;
  step.problem.req_to_token = first.problem.req_to_token;
  step.layout = first.layout;
  if (const std::int64_t slots = first.problem.req_to_token.slots; slots > 0) {
    std::vector<std::int64_t> indices = step.problem.req_pool_indices.values();
    for (std::int64_t& index : indices) index %= slots;
    step.problem.req_pool_indices = harness::strided_values(indices);
    // Tokens move between steps; the table they are written to stays.
    for (std::int32_t& kv_slot : step.problem.req_to_token.memory) kv_slot ^= static_cast<std::int32_t>(seed);
  }
  return step;
}

/// A fill, and its capture.
class captured_fill {
 public:
  explicit captured_fill(const harness::generated_case& first)
      : fill_(first, tested().place, harness::pages_in_turn()), captured_(fill_.problem()) {
    nsameta_target target = tested().place.target();
    target.stream = stream_.get();
    graph_ = capture(stream_, [&] { check(nsameta_fill(&captured_, &fill_.outputs(), &target)); });
  }

  /// Replays it with another problem of the same sizes, in outputs that `clean` brings back to the pattern.
  void replay(const harness::generated_case& step, bool clean) {
    fill_.upload(step.problem);
    REQUIRE(fill_.problem().seq_lens.data == captured_.seq_lens.data);
    REQUIRE(fill_.problem().req_to_token.data == captured_.req_to_token.data);
    REQUIRE(fill_.problem().live_requests == captured_.live_requests);
    if (clean) fill_.reset();
    note_case(tested().spec + ", captured", step.problem, step.recipe);
    launch(*graph_, stream_);
    on_.synchronize(stream_.get());
    const std::string wrong = fill_.wrong();
    CHECK_MESSAGE(wrong.empty(), wrong << "\n" << reproduce(step.problem, step.recipe));
  }

 private:
  device on_{tested().place.backend, tested().place.index};
  device_stream stream_ = make_stream(on_);
  filling fill_;
  const nsameta_problem captured_;
  std::optional<device_graph> graph_;
};

void capture_and_replay(const harness::case_recipe& recipe) {
  using harness::length_pattern;
  // The captured batch has the most rows any later one may have: its buffers serve all.
  const auto first = harness::build_case(recipe);
  captured_fill fill(first);
  std::uint64_t seed = 0;
  for (const auto pattern : {length_pattern::ragged, length_pattern::zero_heavy, length_pattern::one_giant,
                             length_pattern::uniform, length_pattern::ragged}) {
    fill.replay(step_like(first, pattern, seed++), true);
  }
}

/// With tails, buffers keep what the step before left there: nothing of it may stand afterwards.
void serve_smaller_batches(const harness::case_recipe& recipe) {
  auto step = harness::build_case(recipe);
  captured_fill fill(step);
  for (const std::int64_t live : {64, 63, 1, 0, 64}) {
    step.problem.live_requests = live;
    fill.replay(step, recipe.vector_tail == NSAMETA_TAIL_KEEP);
  }
}

}  // namespace

TEST_CASE("a fill captured for 64 requests serves every smaller batch by live_requests alone") {
  if (!tested().place.has_graphs()) return;
  const nsameta_target target = tested().place.target();
  check(nsameta_warmup(&target));
  harness::case_recipe recipe;
  recipe.batch_size = recipe.live_requests.emplace(64);
  recipe.max_context = 700;
  recipe.capacity = harness::capacity_rule::spare;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const bool uniform : {false, true})
      for (const bool tail : {false, true})
        for (const auto kind : {harness::batch_kind::lengths, harness::batch_kind::vectors, harness::batch_kind::tables,
                                harness::batch_kind::any}) {
          recipe.mode = mode;
          recipe.uniform_queries = uniform;
          recipe.left_aligned = tail;
          recipe.vector_tail = tail ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
          recipe.table_tail = tail ? NSAMETA_TAIL_VALUE : NSAMETA_TAIL_KEEP;
          recipe.kind = kind;
          const bool tables = kind == harness::batch_kind::tables || kind == harness::batch_kind::any;
          recipe.tables = tables ? harness::table_choice::all : harness::table_choice::none;
          ++recipe.seed;
          serve_smaller_batches(recipe);
        }
}

TEST_CASE("a captured fill replays with changed lengths") {
  if (!tested().place.has_graphs()) return;
  const nsameta_target target = tested().place.target();
  check(nsameta_warmup(&target));
  std::int32_t number = 0;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t batch_size : batch_sizes()) {
      harness::case_recipe recipe;
      recipe.mode = mode;
      recipe.batch_size = batch_size;
      recipe.vector_tail = number % 2 == 0 ? NSAMETA_TAIL_ZERO : NSAMETA_TAIL_KEEP;
      if (number % 3 == 1) recipe.kv_shard = {3, number / 3 % 3, 16};
      if (number % 5 == 1) recipe.q_shard = {4, number / 5 % 4, all_deals[static_cast<std::size_t>(number / 5 % 3)]};
      capture_and_replay(recipe);
      recipe.tables = harness::table_choice::all;
      recipe.table_tail = static_cast<nsameta_tail>(number / 2 % 3);
      recipe.max_table_elements = 1 << 16;
      capture_and_replay(recipe);
      ++number;
    }
}

}  // namespace nsameta::test

TEST_SUITE_END();
