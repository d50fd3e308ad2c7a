/// One call for many sets gives what one call a set gives, and that is what the reference gives.
#include <doctest/doctest.h>

#include "fan_out.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"
#include "parity.h"
#include "tested_backend.h"

namespace nsameta::fan_out {
namespace {

using harness::check;

constexpr std::int64_t counts[] = {1, 2, 7, 8, 9, 17};  // a launch takes eight
constexpr std::int64_t batch_sizes[] = {0, 1, 40, 300};

void synchronize() {
  const harness::device_place& place = matrix::tested().place;
  check(nsameta_device_synchronize(place.backend.c_str(), place.index, nullptr));
}

void check_equal(const harness::problem_data& problem, std::int64_t count, std::uint64_t seed) {
  harness::input_buffers inputs(matrix::tested().place, harness::pages_in_turn());
  inputs.upload(problem);
  output_sets sets(problem, count, seed);
  matrix::note_case(matrix::tested().spec + ", " + std::to_string(count) + " sets", {{}, problem, {}});
  const nsameta_target target = matrix::tested().place.target();

  for (const nsameta_outputs& set : sets.views()) CHECK(matrix::wrong_decision(inputs.view(), set, target) == "");
  check(nsameta_fill_many(&inputs.view(), sets.views().data(), count, &target));
  synchronize();
  CHECK_MESSAGE(sets.wrong_with(problem, inputs) == "", "in one call");

  sets.reset();
  for (const nsameta_outputs& set : sets.views()) check(nsameta_fill(&inputs.view(), &set, &target));
  synchronize();
  CHECK_MESSAGE(sets.wrong_with(problem, inputs) == "", "in one call a set");
}

}  // namespace

TEST_CASE("any number of sets equals as many fills and the reference") {
  std::uint64_t seed = 0;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t count : counts)
      for (const std::int64_t batch_size : batch_sizes) {
        CAPTURE(std::string(harness::mode_name(mode)));
        CAPTURE(count);
        CAPTURE(batch_size);
        CAPTURE(seed);
        check_equal(problem_of(mode, batch_size, seed), count, seed);
        ++seed;
      }
}

TEST_CASE("no set at all leaves everything alone") {
  const harness::problem_data problem = problem_of(NSAMETA_DECODE, 5, 1);
  harness::input_buffers inputs(matrix::tested().place);
  inputs.upload(problem);
  const nsameta_target target = matrix::tested().place.target();
  CHECK(nsameta_fill_many(&inputs.view(), nullptr, 0, &target) == NSAMETA_OK);
}

TEST_CASE("a bad set among good ones: none is written") {
  const harness::problem_data problem = problem_of(NSAMETA_EXTEND, 5, 4);
  harness::input_buffers inputs(matrix::tested().place);
  inputs.upload(problem);
  const nsameta_target target = matrix::tested().place.target();
  harness::output_buffers good(matrix::tested().place, exact_layout(problem, live_shape_of(problem)));
  nsameta_outputs sets[] = {good.view(), good.view()};
  const auto check_refused = [&](const std::string& words) {
    CHECK(nsameta_fill_many(&inputs.view(), sets, 2, &target) == NSAMETA_INVALID_ARGUMENT);
    CHECK(std::string(nsameta_last_error()).find(words) != std::string::npos);
    synchronize();
    const auto* total = static_cast<const unsigned char*>(good.read_back().total_rows.data);
    CHECK(int{*total} == 0xa5);  // the pattern of unwritten elements
  };
  check_refused("outputs[0] and outputs[1]: ");
  nsameta_outputs_init(&sets[1]);
  sets[1].length_offset = std::int64_t{1} << 40;
  check_refused("outputs[1]: length_offset is 1099511627776");
}

}  // namespace nsameta::fan_out
