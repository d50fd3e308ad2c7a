/// One call for many sets gives what one call a set gives, and that is what the reference gives.
#include <doctest/doctest.h>

#include "fan_out.h"
#include "harness/library_error.h"
#include "harness/problem_json.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("fan_out");

namespace nsameta::test {
namespace {

using harness::check;

constexpr std::int64_t counts[] = {1, 2, 7, 8, 9, 17};  // a launch takes eight
constexpr std::int64_t batch_sizes[] = {0, 1, 40, 300};

void check_fan_out(const harness::problem_data& problem, std::int64_t count, std::uint64_t seed) {
  filling fill = varied_sets(problem, count, seed);
  note_case(tested().spec + ", " + std::to_string(count) + " sets", problem);
  const nsameta_target target = tested().place.target();

  for (const nsameta_outputs& set : fill.sets()) CHECK(wrong_decision(fill.problem(), set, target) == "");
  check(nsameta_fill_many(&fill.problem(), fill.sets().data(), count, &target));
  synchronize();
  CHECK_MESSAGE(fill.wrong() == "", "in one call");

  fill.reset();
  for (const nsameta_outputs& set : fill.sets()) check(nsameta_fill(&fill.problem(), &set, &target));
  synchronize();
  CHECK_MESSAGE(fill.wrong() == "", "in one call a set");
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
        check_fan_out(varied_problem(mode, batch_size, seed), count, seed);
        ++seed;
      }
}

TEST_CASE("no set at all leaves everything alone") {
  const filling fill(varied_problem(NSAMETA_DECODE, 5, 1), {}, tested().place);
  const nsameta_target target = tested().place.target();
  CHECK(nsameta_fill_many(&fill.problem(), nullptr, 0, &target) == NSAMETA_OK);
}

TEST_CASE("a bad set among good ones: none is written") {
  const harness::problem_data problem = varied_problem(NSAMETA_EXTEND, 5, 4);
  filling good(problem, {exact_layout(problem, live_shape_of(problem))}, tested().place);
  const nsameta_target target = tested().place.target();
  nsameta_outputs sets[] = {good.outputs(), good.outputs()};
  const auto check_refused = [&](const std::string& words) {
    CHECK(nsameta_fill_many(&good.problem(), sets, 2, &target) == NSAMETA_INVALID_ARGUMENT);
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

}  // namespace nsameta::test

TEST_SUITE_END();
