/// nsameta_tune_points --target host|cuda|hip|simt [--device N] [--variant BACKEND/VARIANT]
/// With a variant: times it at every point of the grid, a line of JSON each. Without: says what device it is and which
/// variants can run there. One variant a process, because an override is for the process. Host calls are timed as
/// calls; on a GPU it is the time of a node in a graph of many fills. The least of several samples counts.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "grid.h"
#include "nsameta/device.hpp"

namespace {

using nsameta::tune::grid;
using nsameta::tune::point;
using nsameta::tune::point_call;

const std::map<std::string, nsameta_device_kind> kinds{{"host", NSAMETA_DEVICE_HOST},
                                                       {"cuda", NSAMETA_DEVICE_CUDA},
                                                       {"hip", NSAMETA_DEVICE_HIP},
                                                       {"simt", NSAMETA_DEVICE_SIMT}};

struct place {
  nsameta_target target;
  nsameta::device memory;  ///< where the buffers are

  place(const std::string& kind, std::int32_t index)
      : target{kinds.at(kind), index, nullptr, 0}, memory(kind == "host" ? "cpu" : kind, index) {}
  bool on_host() const { return target.kind == NSAMETA_DEVICE_HOST; }
};

nsameta_decision explain(const point_call& call, const nsameta_target& target) {
  const nsameta::target where(target.kind, target.index);
  nsameta::explanation told = nsameta::explain(call.problem, call.outputs, where);
  told.outcome.or_throw();
  return told.decision;
}

template <class Run>
double seconds(Run run) {
  const auto begin = std::chrono::steady_clock::now();
  run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The least time of `run` that a few samples show, in seconds.
template <class Run>
double least(Run run) {
  constexpr double enough = 0.25;
  constexpr int fewest = 3, most = 60;
  double best = seconds(run), spent = best;
  for (int sample = 1; sample < most && (sample < fewest || spent < enough); ++sample) {
    const double took = seconds(run);
    best = std::min(best, took);
    spent += took;
  }
  return best;
}

double time_calls(const point_call& call, const nsameta_target& target) {
  const auto fill = [&] { nsameta::result(nsameta_fill(&call.problem, &call.outputs, &target)).or_throw(); };
  fill();
  constexpr double sample = 200e-6;
  const int calls = static_cast<int>(std::clamp(sample / seconds(fill), 1.0, 20000.0));
  return least([&] {
           for (int i = 0; i < calls; ++i) fill();
         }) /
         calls;
}

double time_graph_node(const point_call& call, const place& on, double expected_seconds) {
  constexpr double graph_seconds = 2e-3;
  const int nodes = static_cast<int>(std::clamp(graph_seconds / expected_seconds, 4.0, 200.0));
  constexpr int launches = 10;  // the wait for the last one is spread over all
  nsameta_target target = on.target;
  nsameta::result(nsameta_warmup(&target)).or_throw();
  const nsameta::device_stream stream = nsameta::make_stream(on.memory);
  target.stream = stream.get();
  const nsameta::device_graph graph = nsameta::capture(stream, [&] {
    for (int i = 0; i < nodes; ++i) nsameta::result(nsameta_fill(&call.problem, &call.outputs, &target)).or_throw();
  });
  const auto replay = [&] {
    for (int i = 0; i < launches; ++i) nsameta::launch(graph, stream);
    on.memory.synchronize(stream.get());
  };
  replay();
  return least(replay) / (launches * nodes);
}

void list_variants(const place& on) {
  const point_call call(grid().front(), on.memory);
  const nsameta_decision decision = explain(call, on.target);
  nlohmann::json variants{std::string(decision.backend) + "/" + decision.variant};
  for (int i = 0; i < decision.rejection_count; ++i)
    if (decision.rejections[i].code == NSAMETA_REJECTED_COST) variants.push_back(decision.rejections[i].candidate);
  const nsameta_device_info device = on.memory.describe();
  std::cout << nlohmann::json{{"device", device.name},
                              {"architecture", device.architecture},
                              {"units", device.multiprocessors},
                              {"variants", variants}}
            << '\n';
}

void time_variant(const place& on) {
  constexpr double too_long = 0.5;  // seconds: backends that are there for proof
  for (const point& each : grid()) {
    const point_call call(each, on.memory);
    const nsameta_decision decision = explain(call, on.target);
    const double expected = decision.expected_ns * 1e-9;
    if (expected > too_long) continue;
    const double took = on.on_host() ? time_calls(call, on.target) : time_graph_node(call, on, expected);
    std::cout << nlohmann::json{{"point", each.name()},
                                {"requests", each.requests},
                                {"row_elements", decision.row_elements},
                                {"table_elements", decision.table_elements},
                                {"ns", took * 1e9}}
              << std::endl;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App program("Times the variants of the backends for the policy table");
  std::string target = "host", variant;
  std::int32_t device = 0;
  program.add_option("--target", target)->check(CLI::IsMember(kinds));
  program.add_option("--device", device);
  program.add_option("--variant", variant);
  CLI11_PARSE(program, argc, argv);
  const place on(target, device);
  nsameta::result(nsameta_set_override(variant.empty() ? "auto" : variant.c_str())).or_throw();
  variant.empty() ? list_variants(on) : time_variant(on);
} catch (const std::exception& error) {
  std::cerr << "nsameta_tune_points: " << error.what() << '\n';
  return 1;
}
