/// A forced backend that works on copies: the vendor's memory on either side.
#include <doctest/doctest.h>

#include "dispatcher.h"
#include "fill_case.h"
#include "harness/compare.h"
#include "inject.h"
#include "process.h"
#include "tested_runtime.h"

namespace nsameta::test {
namespace {

/// A dispatcher under an override of its own.
template <class Text>
struct forced {
  override_setting setting{[] { return Text::value; }};
  dispatcher dispatch{process_registry(), setting};
};
struct cuda {
  static constexpr const char* value = "cuda";
};
struct cpu {
  static constexpr const char* value = "cpu";
};
struct simt {
  static constexpr const char* value = "simt";
};

const std::vector<const char*> steps{"allocating memory",        "copying memory",   "launching the kernel",
                                     "releasing memory",         "loading a kernel", "asking for the capture state",
                                     "asking where a pointer is"};

template <class Text>
void inject_staged(const std::string& name, const char* memory,
                   const std::function<std::string(fill_case&, nsameta_status)>& wrong) {
  forced<Text> under;
  fill_case tested(step(), 1, harness::place_of(memory));
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  REQUIRE(under.dispatch.explain(&tested.problem(), &tested.outputs(), &anywhere, &decision) == NSAMETA_OK);
  REQUIRE(decision.staged == 1);
  inject({name, steps,
          [&] {
            tested.reset();
            vendor().forget_kernels();
          },
          [&] { return under.dispatch.fill(&tested.problem(), &tested.outputs(), &anywhere); },
          [&](nsameta_status status) { return wrong(tested, status); }});
}

}  // namespace

TEST_CASE("staged into the device's memory and back: host outputs are untouched or complete") {
  const auto wrong = [](fill_case& tested, nsameta_status status) { return tested.wrong(status); };
  inject_staged<cuda>("staged, cuda forced on host memory", "cpu", wrong);
}

TEST_CASE("staged out of the device's memory and back: each output is untouched or complete") {
  const auto wrong = [](fill_case& tested, nsameta_status status) { return tested.wrong_by_output(status); };
  inject_staged<cpu>("staged, cpu forced on device memory", "cuda", wrong);
  inject_staged<simt>("staged, simt forced on device memory", "cuda", wrong);
}

}  // namespace nsameta::test
