/// Allocations of the host that fail, one by one, in a process's first call of each kind.
#include <doctest/doctest.h>

#include <cstdlib>
#include <new>

#include "in_child.h"
#include "nsameta/device.hpp"

namespace nsameta::test {
namespace {

constexpr nsameta_target simt_target{NSAMETA_DEVICE_SIMT, 0, nullptr, 0};

nsameta_status fill(fill_case& one, const nsameta_target& target) {
  return nsameta_fill(&one.problem(), &one.outputs(), &target);
}
nsameta_status fill_auto(fill_case& one) { return fill(one, anywhere); }

/// What the C++ layer throws, as a status.
template <class Call>
nsameta_status caught(Call call) {
  try {
    call();
    return NSAMETA_OK;
  } catch (const error& failed) {
    return failed.status();
  } catch (const std::bad_alloc&) {
    return NSAMETA_OUT_OF_MEMORY;
  }
}

/// A call that fills nothing, and its answer, beside a fill that shows that the library still works.
template <class Call>
auto and_fill(Call call) {
  return [call](fill_case& one) mutable {
    const nsameta_status status = call(one);
    return status != NSAMETA_OK ? status : fill_auto(one);
  };
}

}  // namespace

TEST_CASE("the first fill") {
  inject_allocations({"fill, cpu/serial forced", "cpu/serial", [] {}, fill_auto, step()});
  inject_allocations({"fill, reference forced", "reference", [] {}, fill_auto, step()});
  inject_allocations({"fill, host target", "auto", [] {}, [](fill_case& one) { return fill(one, on_host); }, step()});
  inject_allocations({"fill, auto target", "auto", [] {}, fill_auto, step()});
}

TEST_CASE("a fill by oneTBB falls back on one thread, and is complete") {
  inject_allocations({"fill, cpu/tbb forced", "cpu/tbb", [] {}, fill_auto, vectors(100'000)});
}

TEST_CASE("the first fill of a thread on simt, which makes its lanes") {
  inject_allocations({"fill, simt", "simt:1/block256", [] {}, fill_auto, uniform_rows()});
}

TEST_CASE("staged execution") {
  const auto warm = [] { (void)nsameta_warmup(&anywhere); };
  inject_allocations({"fill, staged", "cuda/block256", warm, fill_auto, uniform_rows()});
}

TEST_CASE("overrides") {
  inject_allocations({"fill, list of overrides", " hip , cpu:0/serial,reference", [] {}, fill_auto, uniform_rows()});
  inject_allocations({"fill, unknown override", "cudda", [] {}, fill_auto, uniform_rows()});
  inject_allocations({"fill, override of no such variant", "cpu/parallel", [] {}, fill_auto, uniform_rows()});
  const auto set = [](fill_case&) { return nsameta_set_override("cpu/serial,reference:0"); };
  inject_allocations({"nsameta_set_override", "auto", [] {},
                      [=](fill_case& one) {
                        // Set again it would come after the first dispatch, as it should.
                        static bool is_set = false;
                        const nsameta_status status = is_set ? NSAMETA_OK : set(one);
                        is_set = is_set || status == NSAMETA_OK;
                        return status != NSAMETA_OK ? status : fill_auto(one);
                      },
                      uniform_rows()});
}

TEST_CASE("what explains and describes") {
  nsameta_decision decision{};
  decision.struct_size = sizeof decision;
  inject_allocations({"nsameta_explain", "auto", [] {}, and_fill([=](fill_case& one) mutable {
                        return nsameta_explain(&one.problem(), &one.outputs(), &anywhere, &decision);
                      }),
                      step()});
  inject_allocations({"nsameta_get_kernel_info", "auto", [] {}, and_fill([=](fill_case&) mutable {
                        return nsameta_get_kernel_info(32, 4, &anywhere, &decision);
                      }),
                      uniform_rows()});
  inject_allocations({"nsameta_backends", "auto", [] {}, and_fill([](fill_case&) {
                        nsameta_backend_info all[8];
                        return nsameta_backends(all, 8) > 0 ? NSAMETA_OK : NSAMETA_OUT_OF_MEMORY;
                      }),
                      uniform_rows()});
  inject_allocations({"nsameta_device", "auto", [] {}, and_fill([](fill_case&) {
                        nsameta_device_info info;
                        return nsameta_device("simt", 1, &info);
                      }),
                      uniform_rows()});
}

TEST_CASE("warm-up") {
  inject_allocations({"nsameta_warmup", "auto", [] {},
                      and_fill([](fill_case&) { return nsameta_warmup(&simt_target); }), uniform_rows()});
}

TEST_CASE("logging") {
  const auto quietly = [] {
    setenv("NSAMETA_LOG", "dispatch,loader", 1);
    nsameta_set_log_callback([](const char*, void*) {}, nullptr);
  };
  inject_allocations({"fill, logged", "auto", quietly, fill_auto, uniform_rows()});
}

TEST_CASE("the C++ layer") {
  inject_allocations({"nsameta::fill and explain", "auto", [] {},
                      [](fill_case& one) {
                        return caught([&] {
                          nsameta::explain(one.problem(), one.outputs()).outcome.or_throw();
                          nsameta::fill(one.problem(), one.outputs()).or_throw();
                        });
                      },
                      uniform_rows(), true});
  inject_allocations({"nsameta::backends", "auto", [] {}, and_fill([](fill_case&) {
                        return caught([] {
                          for (const nsameta_backend_info& each : nsameta::backends()) REQUIRE(each.name != nullptr);
                        });
                      }),
                      uniform_rows(), true});
  inject_allocations({"nsameta::capture", "auto", [] { (void)nsameta_warmup(&simt_target); },
                      [](fill_case& one) {
                        return caught([&] {
                          const device where("simt");
                          const device_stream stream = make_stream(where);
                          const nsameta_target target{NSAMETA_DEVICE_SIMT, 0, stream.get(), 0};
                          const device_graph graph = nsameta::capture(
                              stream, [&] { nsameta::fill(one.problem(), one.outputs(), target).or_throw(); });
                          launch(graph, stream);
                        });
                      },
                      uniform_rows(), true});
}

}  // namespace nsameta::test
