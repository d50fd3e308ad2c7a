#include <doctest/doctest.h>

#include "harness/backend_name.h"
#include "harness/library_error.h"
#include "harness/parity.h"
#include "harness/problem_json.h"

namespace nsameta::test {
namespace {

using namespace harness;

TEST_CASE("the reference agrees with itself") {
  for (std::uint64_t number = 0; number < 20; ++number)
    CHECK_FALSE(check_parity(build_case(draw_recipe(3, number)), "reference"));
}

TEST_CASE("a failed call is a fault, a backend that cannot run is none") {
  generated_case made = build_case({});
  made.problem.page_size = 65537;
  const auto fault = check_parity(made, "cpu");
  REQUIRE(fault);
  CHECK(fault->find("page_size is 65537") != std::string::npos);
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

TEST_CASE("a case fills what an earlier batch left, on both sides, for every set") {
  for (const earlier_batch earlier : {earlier_batch::smaller, earlier_batch::larger}) {
    case_recipe recipe;
    recipe.mode = NSAMETA_EXTEND;
    recipe.batch_size = 9;
    recipe.sets = 2;
    recipe.earlier = earlier;
    generated_case made = build_case(recipe);
    REQUIRE(made.previous);
    CHECK((made.previous->batch_size() > 9) == (earlier == earlier_batch::larger));
    CHECK(made.layout.vectors[0].capacity >= made.previous->batch_size());
    CHECK_FALSE(check_parity(made, "cpu"));
    made.previous->page_size = 65537;
    CHECK(check_parity(made, "cpu")->find("page_size is 65537") != std::string::npos);
  }
}

TEST_CASE("a case without an earlier batch has the same lengths as with one") {
  case_recipe recipe = draw_recipe(3, 5);
  const generated_case alone = build_case(recipe);
  recipe.earlier = earlier_batch::larger;
  CHECK(build_case(recipe).problem.seq_lens.values() == alone.problem.seq_lens.values());
}

TEST_CASE("shrinking drops an earlier batch that plays no part, and keeps one that does") {
  case_recipe recipe;
  recipe.batch_size = 30;
  recipe.earlier = earlier_batch::larger;
  generated_case made = build_case(recipe);
  made.previous->page_size = 65537;
  generated_case smallest = shrink(made, "cpu");
  REQUIRE(smallest.previous);
  CHECK(smallest.previous->batch_size() <= 1);
  CHECK(smallest.problem.batch_size() <= 1);
  const std::string line = case_to_json(stated_by(smallest)).dump();
  CHECK(case_from_json(line).previous->problem.page_size == 65537);

  made = build_case(recipe);
  made.problem.page_size = 65537;
  smallest = shrink(made, "cpu");
  CHECK_FALSE(smallest.previous);
  CHECK_FALSE(case_to_json(stated_by(smallest)).contains("capacities"));
}

TEST_CASE("shrinking keeps a failing case failing and makes it small") {
  case_recipe recipe;
  recipe.batch_size = 100;
  generated_case made = build_case(recipe);
  made.problem.page_size = 65537;
  const generated_case smallest = shrink(made, "cpu");
  CHECK(smallest.problem.batch_size() <= 1);
  CHECK(check_parity(smallest, "cpu"));
}

}  // namespace
}  // namespace nsameta::test
