/// The CPU backend cut into tasks of any size, on any number of threads, gives the bits of its serial way. The policy
/// table has one size; here all of them run, through the backend itself.
#include <doctest/doctest.h>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <cstdio>

#include "cpu/fill.h"
#include "field_digests.h"
#include "harness/digest.h"
#include "harness/generator.h"
#include "harness/output_buffers.h"

TEST_SUITE_BEGIN("grains");

namespace nsameta::test {
namespace {

template <class Fill>
std::uint64_t digest_after(const harness::generated_case& tested, Fill fill) {
  const nsameta_problem problem = tested.problem.view();
  harness::output_buffers outputs(harness::place_of("cpu"), tested.layout);
  fill(problem, outputs.view());
  CHECK_FALSE(outputs.damaged_guard());
  harness::digest sum;
  sum.add_whole(outputs.read_back());
  return sum.value();
}

}  // namespace

TEST_CASE("neither the size of tasks nor the number of threads changes a bit") {
  long compared = 0;
  for (std::uint64_t number = 0; number < (is_sanitized ? 60u : 300u); ++number) {
    CAPTURE(number);
    const harness::generated_case tested = harness::build_case(harness::draw_recipe(9, number));
    const auto in_one = [](const nsameta_problem& problem, const nsameta_outputs& outputs) {
      cpu::fill(problem, outputs, cpu::variant_serial);
    };
    const std::uint64_t expected = digest_after(tested, in_one);
    for (const std::size_t threads : {1, 2, 3, 8}) {
      const tbb::global_control limit(tbb::global_control::max_allowed_parallelism, threads);
      tbb::task_arena arena(static_cast<int>(threads));
      for (const std::int64_t grain : {1, 7, 64, 1000, 65536, 1 << 30}) {
        CAPTURE(threads);
        CAPTURE(grain);
        const auto in_tasks = [&](const nsameta_problem& problem, const nsameta_outputs& outputs) {
          arena.execute([&] { cpu::fill(problem, outputs, cpu::variant_tbb, grain); });
        };
        CHECK(digest_after(tested, in_tasks) == expected);
        ++compared;
      }
    }
  }
  std::printf("%ld answers compared\n", compared);
}

}  // namespace nsameta::test

TEST_SUITE_END();
