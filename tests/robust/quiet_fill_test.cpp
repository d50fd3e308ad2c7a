// What a fill promises not to do once its device is warm, seen from the C library: it allocates nothing, reads no
// environment and opens no file. That it waits for nothing on a device is held up by its captures: capturing streams
// refuse all that waits.
#include <doctest/doctest.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "counted_calls.h"
#include "fixture.h"
#include "harness/library_error.h"
#include "nsameta/device.h"
#include "tested_backend.h"

namespace nsameta::test {
namespace {

/// Fills twice, because the first may be the first of its kind on the device, and says what the second one did.
std::string calls_of_a_fill(const harness::case_recipe& recipe) {
  const filling fill(recipe, tested().place);
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_fill(&fill.problem(), &fill.outputs(), &target));
  nsameta_status status;
  {
    const counting_scope scope;
    status = nsameta_fill(&fill.problem(), &fill.outputs(), &target);
  }
  harness::check(status);
  return calls_made();
}

}  // namespace

TEST_CASE("what the library does is counted") {
  const filling fill(harness::case_recipe{}, harness::place_of("reference"));
  {
    const counting_scope scope;  // the reference is not the one that promises
    harness::check(nsameta_fill_on("reference", &fill.problem(), &fill.outputs(), &on_host));
    (void)std::getenv("PATH");
    close(open("/dev/null", O_RDONLY));
    std::ifstream("/dev/null").get();
  }
  CHECK(counted().allocations > 0);
  CHECK(counted().releases > 0);
  CHECK(counted().environment_reads == 1);
  CHECK(counted().files_opened == 2);
}

TEST_CASE("a fill allocates nothing, reads no environment, opens no file") {
  const nsameta_target target = tested().place.target();
  harness::check(nsameta_warmup(&target));
  int fills = 0;
  for (const nsameta_mode mode : nsameta::all_modes)
    for (const std::int64_t batch_size : {0, 1, 33, 1025, 20000})
      for (const auto tables : {harness::table_choice::none, harness::table_choice::all})
        for (const bool plain : {true, false}) {
          harness::case_recipe recipe;
          recipe.mode = mode;
          recipe.batch_size = batch_size;
          recipe.tables = tables;
          if (!plain) {
            recipe.bad_lengths = recipe.bad_slots = true;
            recipe.kv_shard = {4, 1, 16};
            recipe.q_shard = {3, 2, static_cast<nsameta_q_shard_kind>(batch_size % 3)};
            recipe.vector_tail = NSAMETA_TAIL_ZERO;
          }
          const std::string calls = calls_of_a_fill(recipe);
          CHECK_MESSAGE(calls.empty(), calls << ": " << describe(recipe));
          ++fills;
        }
  MESSAGE(fills << " fills");
}

TEST_CASE("a refused call allocates nothing") {
  const nsameta_target target = tested().place.target();
  nsameta_problem problem;
  nsameta_problem_init(&problem);
  problem.batch_size = -1;
  nsameta_outputs outputs;
  nsameta_outputs_init(&outputs);
  CHECK(nsameta_fill(&problem, &outputs, &target) == NSAMETA_INVALID_ARGUMENT);
  nsameta_status status;
  {
    const counting_scope scope;
    status = nsameta_fill(&problem, &outputs, &target);
  }
  CHECK(status == NSAMETA_INVALID_ARGUMENT);
  CHECK(calls_made() == "");
}

}  // namespace nsameta::test
