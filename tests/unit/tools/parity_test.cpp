#include <doctest/doctest.h>

#include "harness/backend_name.h"
#include "harness/library_error.h"
#include "harness/parity.h"

namespace nsameta::test {
namespace {

using namespace harness;

TEST_CASE("the reference agrees with itself") {
  for (std::uint64_t number = 0; number < 20; ++number)
    CHECK_FALSE(check_parity(build_case(draw_recipe(3, number)), "reference"));
}

TEST_CASE("a failed call is a fault, a backend that cannot run is none") {
  generated_case made = build_case({});
  made.problem.page_size = 63;
  const auto fault = check_parity(made, "cpu");
  REQUIRE(fault);
  CHECK(fault->find("page_size is 63") != std::string::npos);
  for (const nsameta_backend_info& backend : list_backends())
    if (backend.state != NSAMETA_BACKEND_READY)
      CHECK_THROWS_AS(check_parity(build_case({}), backend.name), library_error);
}

TEST_CASE("several sets are filled by one call, and the decision is told") {
  case_recipe recipe;
  recipe.sets = 3;
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  CHECK_FALSE(check_parity(build_case(recipe), "cpu/serial", issue::at_once, &decision));
  CHECK(std::string(decision.variant) == "serial");
}

TEST_CASE("shrinking keeps a failing case failing and makes it small") {
  case_recipe recipe;
  recipe.batch_size = 100;
  generated_case made = build_case(recipe);
  made.problem.page_size = 63;
  const generated_case smallest = shrink(made, "cpu");
  CHECK(smallest.problem.batch_size() <= 1);
  CHECK(check_parity(smallest, "cpu"));
}

}  // namespace
}  // namespace nsameta::test
