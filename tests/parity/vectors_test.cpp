/// The worked cases of tests/parity, through the whole library.
#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <vector>

#include "fixture.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {
namespace {

harness::json answer(const harness::case_data& stated) {
  const harness::device_place& place = tested().place;
  const nsameta_target target = place.target();
  std::vector<harness::output_layout> layouts{layout_of(stated)};
  for (std::int32_t step = 1; step <= stated.draft_steps; ++step) layouts.push_back(layout_of(stated.draft(step)));
  filling fill(stated.problem, layouts, place, harness::pages_in_turn());
  note_case(tested().spec, stated.problem);
  if (stated.previous) {
    fill.upload(stated.previous->problem);
    const nsameta_outputs view = view_for(*stated.previous, fill.outputs());
    harness::check(nsameta_fill(&fill.problem(), &view, &target));
    fill.upload(stated.problem);
  }
  harness::check(nsameta_fill_many(&fill.problem(), fill.sets().data(), std::ssize(fill.sets()), &target));
  synchronize();
  harness::json result = harness::answer_to_json(stated, fill.read_back());
  for (std::int32_t step = 1; step <= stated.draft_steps; ++step)
    harness::add_draft_step(
        result, harness::answer_to_json(stated.draft(step), fill.read_back(static_cast<std::size_t>(step))));
  return result;
}

/// Fills every line's problem and holds it against what is expected; how many there were.
int check_cases(const std::string& path) {
  std::ifstream file(path);
  int cases = 0;
  for (std::string line; std::getline(file, line);) {
    const auto vector = harness::json::parse(line);
    const auto& problem = vector["problem"];
    const harness::json got = answer(harness::case_from_json(problem.dump()));
    for (const auto& [key, expected] : vector["expect"].items())
      CHECK_MESSAGE(got.value(key, harness::json()) == expected, key << " of " << problem.dump());
    ++cases;
  }
  return cases;
}

}  // namespace

TEST_CASE("the worked cases come out as written") { CHECK(check_cases(NSAMETA_TEST_DATA "/vectors.jsonl") == 48); }

TEST_CASE("the worked cases of padding and of earlier batches come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/padding.jsonl") == 35);
}

TEST_CASE("the worked cases of step vectors come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/step_vectors.jsonl") == 25);
}

TEST_CASE("the worked cases of plans come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/plans.jsonl") == 79);
}

TEST_CASE("the worked cases of compressed caches come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/compressed.jsonl") == 79);
}

TEST_CASE("the worked cases of draft steps come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/draft_steps.jsonl") == 13);
}

TEST_CASE("the worked cases of both shards, of local tables and of pages of any size come out as written") {
  CHECK(check_cases(NSAMETA_TEST_DATA "/sharding.jsonl") == 37);
}

}  // namespace nsameta::test

TEST_SUITE_END();
