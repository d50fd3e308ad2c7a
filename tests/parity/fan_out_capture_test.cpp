/// Fan-out recorded into a graph and replayed with other lengths in the same buffers.
#include <doctest/doctest.h>

#include <algorithm>

#include "fan_out.h"
#include "harness/library_error.h"
#include "nsameta/device.hpp"
#include "tested_backend.h"

TEST_SUITE_BEGIN("fan_out");

namespace nsameta::test {
namespace {

/// The same requests last to first: as many rows, all somewhere else.
harness::strided_values reversed(const harness::strided_values& values) {
  if (!values.present()) return values;
  std::vector<std::int64_t> all = values.values();
  std::ranges::reverse(all);
  return harness::strided_values(all, values.dtype(), values.stride());
}

harness::problem_data reversed(harness::problem_data problem) {
  problem.seq_lens = reversed(problem.seq_lens);
  problem.extend_seq_lens = reversed(problem.extend_seq_lens);
  problem.req_pool_indices = reversed(problem.req_pool_indices);
  return problem;
}

void check_captured(const harness::problem_data& problem, std::int64_t count) {
  const harness::device_place& place = tested().place;
  const device on(place.backend, place.index);
  const device_stream stream = make_stream(on);
  filling fill = varied_sets(problem, count, static_cast<std::uint64_t>(count));
  nsameta_target target = place.target();
  target.stream = stream.get();

  const nsameta_problem captured = fill.problem();
  const device_graph graph = capture(stream, [&] { fill_many(captured, fill.sets(), target).or_throw(); });
  for (const harness::problem_data& step : {problem, reversed(problem), problem}) {
    fill.upload(step);
    REQUIRE(fill.problem().seq_lens.data == captured.seq_lens.data);
    fill.reset();
    note_case(tested().spec + ", captured, " + std::to_string(count) + " sets", step);
    launch(graph, stream);
    on.synchronize(stream.get());
    CHECK(fill.wrong() == "");
  }
}

}  // namespace

TEST_CASE("a captured fan-out replays with changed lengths") {
  if (!tested().place.has_graphs()) return;
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_warmup(&target));
  std::uint64_t seed = 100;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t count : {1, 2, 8, 9, 17}) {
      CAPTURE(count);
      CAPTURE(seed);
      check_captured(varied_problem(mode, 40, seed), count);
      ++seed;
    }
}

}  // namespace nsameta::test

TEST_SUITE_END();
