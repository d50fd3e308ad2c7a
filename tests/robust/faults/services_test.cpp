/// Memory, streams, captures and graphs: device.h.
#include <doctest/doctest.h>

#include <array>

#include "fill_case.h"
#include "harness/library_error.h"
#include "inject.h"
#include "nsameta/device.h"
#include "tested_runtime.h"

namespace nsameta::test {
namespace {

using harness::check;

constexpr const char* backend = "cuda";
nsameta_target on_stream(void* stream) { return {NSAMETA_DEVICE_CUDA, 0, stream, 0}; }

void* make_stream() {
  void* stream = nullptr;
  check(nsameta_stream_create(backend, 0, &stream));
  return stream;
}

/// A fill, captured.
void* make_graph(fill_case& tested, void* stream) {
  const nsameta_target target = on_stream(stream);
  void* graph = nullptr;
  check(nsameta_capture_begin(backend, 0, stream));
  check(nsameta_fill(&tested.problem(), &tested.outputs(), &target));
  check(nsameta_capture_end(backend, 0, stream, &graph));
  return graph;
}

/// What a call that makes something gives: that, or nothing.
std::string gives(bool something, nsameta_status status) {
  return something == (status == NSAMETA_OK) ? "" : "something was given that is not there, or the other way round";
}

}  // namespace

TEST_CASE("memory, streams and graphs are given or not") {
  void* made = nullptr;
  const auto none = [&] { made = nullptr; };
  inject({"nsameta_device_allocate",
          {"allocating memory"},
          none,
          [&] { return nsameta_device_allocate(backend, 0, 1000, &made); },
          [&](nsameta_status status) {
            if (made != nullptr) check(nsameta_device_release(backend, 0, made));
            return gives(made != nullptr, status);
          }});
  inject({"nsameta_stream_create",
          {"creating a stream"},
          none,
          [&] { return nsameta_stream_create(backend, 0, &made); },
          [&](nsameta_status status) {
            if (made != nullptr) check(nsameta_stream_destroy(backend, 0, made));
            return gives(made != nullptr, status);
          }});
}

TEST_CASE("memory, streams and graphs are taken back") {
  const nsameta_target device = on_stream(nullptr);
  check(nsameta_warmup(&device));
  fill_case tested(vectors());
  void* const stream = make_stream();
  void* made = nullptr;
  const live_things without = plan.live;
  // Unless the vendor was reached, they are still there, and can be taken back by another call.
  const auto take_back = [&](const std::function<nsameta_status()>& call) {
    return [&, call](nsameta_status) {
      if (!(plan.live == without)) check(call());
      return std::string();
    };
  };
  const auto release = [&] { return nsameta_device_release(backend, 0, made); };
  inject({"nsameta_device_release",
          {"releasing memory"},
          [&] { check(nsameta_device_allocate(backend, 0, 1000, &made)); },
          release,
          take_back(release)});
  const auto destroy_stream = [&] { return nsameta_stream_destroy(backend, 0, made); };
  inject({"nsameta_stream_destroy",
          {"destroying a stream"},
          [&] { made = make_stream(); },
          destroy_stream,
          take_back(destroy_stream)});
  const auto destroy_graph = [&] { return nsameta_graph_destroy(backend, 0, made); };
  inject({"nsameta_graph_destroy",
          {"destroying a graph"},
          [&] { made = make_graph(tested, stream); },
          destroy_graph,
          take_back(destroy_graph)});
  check(nsameta_stream_destroy(backend, 0, stream));
}

TEST_CASE("a copy that fails tells so") {
  const std::array<std::int32_t, 4> from{1, 2, 3, 4};
  std::array<std::int32_t, 4> to{};
  void* memory = nullptr;
  check(nsameta_device_allocate(backend, 0, sizeof from, &memory));
  inject(
      {"nsameta_device_copy",
       {"copying memory"},
       [&] { to = {}; },
       [&] {
         const nsameta_status status = nsameta_device_copy(backend, 0, memory, from.data(), sizeof from, nullptr);
         return status != NSAMETA_OK ? status : nsameta_device_copy(backend, 0, to.data(), memory, sizeof to, nullptr);
       },
       [&](nsameta_status status) -> std::string { return status != NSAMETA_OK || to == from ? "" : "not copied"; }});
  check(nsameta_device_release(backend, 0, memory));
}

TEST_CASE("a wait that fails tells so") {
  void* const stream = make_stream();
  inject({"nsameta_device_synchronize",
          {"synchronizing the stream"},
          [] {},
          [&] { return nsameta_device_synchronize(backend, 0, stream); },
          [](nsameta_status) { return std::string(); }});
  check(nsameta_stream_destroy(backend, 0, stream));
}

TEST_CASE("captures that fail at any point can be ended and begun again") {
  const nsameta_target device = on_stream(nullptr);
  check(nsameta_warmup(&device));
  fill_case tested(vectors());
  void* stream = make_stream();
  const nsameta_target target = on_stream(stream);
  void* graph = nullptr;
  // A capture that a failed call left open is closed, so that the next one can begin.
  const auto close = [&](bool open) {
    void* dropped = nullptr;
    if (open && nsameta_capture_end(backend, 0, stream, &dropped) == NSAMETA_OK)
      check(nsameta_graph_destroy(backend, 0, dropped));
  };
  bool open = false;
  inject({"capture of a fill",
          {"beginning a capture", "launching the kernel", "ending a capture"},
          [&] {
            tested.reset();
            graph = nullptr;
          },
          [&] {
            nsameta_status status = nsameta_capture_begin(backend, 0, stream);
            open = status == NSAMETA_OK;
            if (status == NSAMETA_OK) status = nsameta_fill(&tested.problem(), &tested.outputs(), &target);
            if (status == NSAMETA_OK) {
              status = nsameta_capture_end(backend, 0, stream, &graph);
              open = status != NSAMETA_OK;
            }
            return status;
          },
          [&](nsameta_status status) -> std::string {
            close(open);
            if (std::string wrong = gives(graph != nullptr, status); !wrong.empty()) return wrong;
            if (status == NSAMETA_OK) {
              check(nsameta_graph_launch(backend, 0, graph, stream));
              check(nsameta_device_synchronize(backend, 0, stream));
              check(nsameta_graph_destroy(backend, 0, graph));
            }
            return tested.wrong(status);
          }});
  check(nsameta_stream_destroy(backend, 0, stream));
}

TEST_CASE("a replay that fails is untouched or complete, and can be made again") {
  const nsameta_target device = on_stream(nullptr);
  check(nsameta_warmup(&device));
  fill_case tested(step());
  void* stream = make_stream();
  void* graph = make_graph(tested, stream);
  inject({"nsameta_graph_launch and wait",
          {"launching a graph", "synchronizing the stream"},
          [&] { tested.reset(); },
          [&] {
            const nsameta_status status = nsameta_graph_launch(backend, 0, graph, stream);
            return status != NSAMETA_OK ? status : nsameta_device_synchronize(backend, 0, stream);
          },
          [&](nsameta_status status) {
            check(nsameta_device_synchronize(backend, 0, stream));  // the one that was waited for may have failed
            return tested.wrong(status);
          }});
  check(nsameta_graph_destroy(backend, 0, graph));
  check(nsameta_stream_destroy(backend, 0, stream));
}

}  // namespace nsameta::test
