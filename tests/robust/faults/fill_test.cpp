/// Fills: every kind of kernel, every way in, the first one on a device, and many sets.
#include <doctest/doctest.h>

#include "fill_case.h"
#include "inject.h"
#include "nsameta/device.h"
#include "tested_runtime.h"

namespace nsameta::test {
namespace {

constexpr nsameta_target explicit_target{NSAMETA_DEVICE_CUDA, 0, nullptr, 0};

/// `call` on a case, with the outputs as nobody wrote them before.
void inject_fill(const std::string& name, fill_case& tested, const std::function<nsameta_status()>& call,
                 std::vector<const char*> operations = {"launching the kernel"}, bool is_slow = false) {
  inject({name, std::move(operations), [&] { tested.reset(); }, call,
          [&](nsameta_status status) { return tested.wrong(status); }, is_slow});
}

struct named_case {
  const char* name;
  harness::generated_case tested;
};

}  // namespace

TEST_CASE("a fill that fails is untouched or complete, and the next one works") {
  REQUIRE(nsameta_warmup(&explicit_target) == NSAMETA_OK);
  plan.launched.reset();
  for (const named_case& each : {named_case{"uniform rows", uniform_rows()},
                                 {"ragged rows", ragged_rows()},
                                 {"vectors", vectors()},
                                 {"step", step()},
                                 {"int64 step", int64_step()},
                                 {"tails", tails()},
                                 {"general", general()},
                                 {"dealt", dealt()},
                                 {"attention plans", with_attention_plans()},
                                 {"plans", with_plans()},
                                 {"step with plans", step_with_plans()}}) {
    fill_case tested(each.tested);
    inject_fill(std::string("nsameta_fill, ") + each.name, tested,
                [&] { return nsameta_fill(&tested.problem(), &tested.outputs(), &explicit_target); });
  }
  for (const named_case& each :
       {named_case{"step", step()}, {"tails", tails()}, {"general", general()}, {"plans", with_plans()}}) {
    constexpr std::int64_t sets = NSAMETA_SETS_PER_LAUNCH + 3;  // two launches
    fill_case tested(each.tested, sets);
    inject_fill(std::string("nsameta_fill_many, ") + each.name, tested,
                [&] { return nsameta_fill_many(&tested.problem(), tested.sets().data(), sets, &explicit_target); });
  }
  CHECK_MESSAGE(plan.launched.all(), "not every kernel was launched: ", plan.launched.to_string());
}

TEST_CASE("fills of many requests that fail are untouched or complete") {
  for (const named_case& each : {named_case{"vectors", vectors(5'000)}, {"tails", tails(17'000)}}) {
    fill_case tested(each.tested);
    const auto fill = [&] {
      return nsameta_fill_on("cuda/block256", &tested.problem(), &tested.outputs(), &explicit_target);
    };
    inject_fill(std::string("nsameta_fill_on, large ") + each.name, tested, fill, {"launching the kernel"}, true);
  }
}

TEST_CASE("fills that ask where the memory is") {
  fill_case tested(step());
  inject_fill("nsameta_fill, auto", tested,
              [&] { return nsameta_fill(&tested.problem(), &tested.outputs(), &anywhere); },
              {"launching the kernel", "asking where a pointer is"});
}

TEST_CASE("a device's first fill, which loads the kernels") {
  fill_case tested(vectors());
  inject({"nsameta_fill, first",
          {"launching the kernel", "loading a kernel", "asking for the capture state"},
          [&] {
            tested.reset();
            vendor().forget_kernels();
          },
          [&] { return nsameta_fill(&tested.problem(), &tested.outputs(), &explicit_target); },
          [&](nsameta_status status) { return tested.wrong(status); }});
}

TEST_CASE("the original's entry point, with its total read back") {
  fill_case tested(draft_extend());
  std::int32_t total = -1;
  inject({"nsameta_fill_draft_extend_metadata, read back",
          {"launching the kernel", "copying memory"},
          [&] {
            tested.reset();
            total = -1;
          },
          [&] {
            const nsameta_problem& p = tested.problem();
            const nsameta_outputs& o = tested.outputs();
            auto* in_device = static_cast<std::int32_t*>(o.total_rows.data);
            const nsameta_status status = nsameta_fill_draft_extend_metadata(
                p.extend_seq_lens, p.seq_lens, p.batch_size, p.index_topk, o.seqlens_expanded, o.nsa_cache_seqlens,
                in_device, &explicit_target);
            return status != NSAMETA_OK ? status
                                        : nsameta_device_copy("cuda", 0, &total, in_device, sizeof total, nullptr);
          },
          [&](nsameta_status status) -> std::string {
            if (status == NSAMETA_OK && total != tested.outputs().seqlens_expanded.capacity)
              return "total is " + std::to_string(total);
            return tested.wrong(status);
          }});
}

TEST_CASE("what only explains asks the vendor where memory is, and runs nothing") {
  fill_case tested(step());
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  plan.launched.reset();
  inject({"nsameta_explain, auto",
          {"asking where a pointer is"},
          [&] { tested.reset(); },
          [&] { return nsameta_explain(&tested.problem(), &tested.outputs(), &anywhere, &decision); },
          [&](nsameta_status status) -> std::string {
            return (status == NSAMETA_OK) == (std::string(decision.backend) == "cuda") ? "" : "wrong decision";
          }});
  CHECK(plan.launched.none());
}

TEST_CASE("a warm-up that fails leaves no stream, and can be made again") {
  inject({"nsameta_warmup",
          {"loading a kernel", "running a kernel"},
          [] { vendor().forget_kernels(); },
          [] { return nsameta_warmup(&explicit_target); },
          [](nsameta_status) { return std::string(); },
          true});
}

}  // namespace nsameta::test
