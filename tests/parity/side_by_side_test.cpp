#include "side_by_side.h"

#include "fixture.h"
#include "harness/library_error.h"
#include "tested_backend.h"

TEST_SUITE_BEGIN("matrix");

namespace nsameta::test {

TEST_CASE("tables side by side in one allocation leave each other alone") {
  const harness::device_place& place = tested().place;
  check_side_by_side(place, [&](const nsameta_problem& problem, const nsameta_outputs& outputs) {
    const nsameta_target target = place.target();
    harness::check(nsameta_fill(&problem, &outputs, &target));
    synchronize();
  });
}

}  // namespace nsameta::test

TEST_SUITE_END();
