/// What holds fills against the reference sees what it is there to see.
#include <doctest/doctest.h>

#include "fixture.h"
#include "nsameta/device.h"

namespace nsameta::test {
namespace {

harness::generated_case small_case() {
  harness::case_recipe recipe;
  recipe.batch_size = 5;
  recipe.capacity = harness::capacity_rule::spare;
  return harness::build_case(recipe);
}

/// Filled by the reference, whose answer is right by definition.
filling filled() {
  const harness::generated_case tested = small_case();
  return {tested.problem, {tested.layout, tested.layout}};
}

std::string wrong_after(filling& fill) {
  for (const nsameta_outputs& set : fill.sets())
    REQUIRE(nsameta_fill_on("reference", &fill.problem(), &set, &on_host) == NSAMETA_OK);
  return fill.wrong();
}

std::int32_t* elements(const nsameta_vector& vector) { return static_cast<std::int32_t*>(vector.data); }

void check_tells(const std::string& text, const char* words) {
  CHECK_MESSAGE(text.find(words) != std::string::npos, text);
}

}  // namespace

TEST_CASE("a right answer has nothing wrong, of the first problem and of the next") {
  filling fill = filled();
  CHECK(wrong_after(fill) == "");
  const std::uint64_t digest = fill.digest();
  harness::problem_data next = fill.data();
  next.seq_lens = harness::strided_values(std::vector<std::int64_t>{9, 8, 7, 6, 5});
  fill.upload(next);
  CHECK(fill.wrong() != "");
  fill.reset();
  CHECK(wrong_after(fill) == "");
  CHECK(fill.digest() != digest);
}

TEST_CASE("an output that nobody wrote is seen") {
  filling fill = filled();
  check_tells(fill.wrong(), "set 0: ");
}

TEST_CASE("an element that differs is seen in any set, live or not") {
  filling fill = filled();
  REQUIRE(wrong_after(fill) == "");
  const nsameta_vector& lengths = fill.sets()[1].cache_seqlens;
  REQUIRE(lengths.capacity > 5);
  for (const std::int64_t at : {std::int64_t{0}, lengths.capacity - 1}) {
    ++elements(lengths)[at];
    check_tells(fill.wrong(), "set 1: cache_seqlens[");
    --elements(lengths)[at];
  }
  CHECK(fill.wrong() == "");
}

TEST_CASE("a write beside an output is seen, and one to an input") {
  filling fill = filled();
  REQUIRE(wrong_after(fill) == "");
  const nsameta_vector& lengths = fill.sets()[1].cache_seqlens;
  ++elements(lengths)[lengths.capacity];
  check_tells(fill.wrong(), "past the end of cache_seqlens");
  check_tells(fill.damaged_guard(), "past the end of cache_seqlens");
  --elements(lengths)[lengths.capacity];
  ++*const_cast<std::int32_t*>(static_cast<const std::int32_t*>(fill.problem().seq_lens.data));
  CHECK(fill.damaged_guard() == "");
  check_tells(fill.damage(), "wrote to its input seq_lens");
  check_tells(fill.wrong(), "wrote to its input seq_lens");
}

TEST_CASE("a call that fails tells so") {
  harness::generated_case tested = small_case();
  tested.problem.page_size = 65537;
  filling fill(tested);
  check_tells(fill.wrong_after_fill(), "nsameta_fill: invalid_argument: ");
  check_tells(fill.wrong_after_fill_on("cpu"), "cpu: invalid_argument: ");
  check_tells(fill.wrong(), "the reference: invalid_argument: ");
}

}  // namespace nsameta::test
