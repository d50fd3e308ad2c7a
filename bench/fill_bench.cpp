/// nsameta_bench --backend=NAME[:INDEX][/VARIANT] [Google Benchmark options]
/// Time of one fill. On a CPU: of the call. On a GPU: of a node in a graph of many fills, which is what an engine's
/// captured step pays.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <string_view>

#include "harness/generator.h"
#include "harness/input_buffers.h"
#include "harness/library_error.h"
#include "harness/output_buffers.h"
#include "harness/problem_json.h"
#include "nsameta/device.h"

namespace {

using namespace nsameta::harness;

constexpr std::string_view backend_option = "--backend=";
device_place place;

/// A step of a server: contexts of a few thousand tokens, all vector fields.
generated_case step_case(nsameta_mode mode, std::int64_t batch_size, std::int64_t rows) {
  case_recipe recipe;
  recipe.mode = mode;
  recipe.batch_size = batch_size;
  recipe.max_context = 8192;
  recipe.max_rows = rows;
  return build_case(recipe);
}

void count(benchmark::State& state, const generated_case& measured) {
  state.counters["rows"] = static_cast<double>(live_shape_of(measured.problem).rows);
}

void call(benchmark::State& state, const generated_case& measured) {
  input_buffers inputs(place);
  inputs.upload(measured.problem);
  output_buffers outputs(place, measured.layout);
  const nsameta_target target = place.target();
  for (auto _ : state) check(nsameta_fill(&inputs.view(), &outputs.view(), &target));
  count(state, measured);
}

void graph_node(benchmark::State& state, const generated_case& measured) {
  constexpr int nodes = 200;
  const char* backend = place.backend.c_str();
  input_buffers inputs(place);
  inputs.upload(measured.problem);
  output_buffers outputs(place, measured.layout);
  nsameta_target target = place.target();
  check(nsameta_warmup(&target));
  check(nsameta_stream_create(backend, place.index, &target.stream));
  check(nsameta_capture_begin(backend, place.index, target.stream));
  for (int i = 0; i < nodes; ++i) check(nsameta_fill(&inputs.view(), &outputs.view(), &target));
  void* graph = nullptr;
  check(nsameta_capture_end(backend, place.index, target.stream, &graph));
  const auto replay = [&](int times) {
    for (int i = 0; i < times; ++i) check(nsameta_graph_launch(backend, place.index, graph, target.stream));
    check(nsameta_device_synchronize(backend, place.index, target.stream));
  };
  replay(3);
  constexpr int replays = 20;  // the wait for the last one is spread over all
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    replay(replays);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(took.count() / (nodes * replays));
  }
  count(state, measured);
  check(nsameta_graph_destroy(backend, place.index, graph));
  check(nsameta_stream_destroy(backend, place.index, target.stream));
}

void register_cases() {
  const auto add = [](nsameta_mode mode, std::int64_t batch_size, std::int64_t rows) {
    const std::string name =
        std::string(mode_name(mode)) + "/bs:" + std::to_string(batch_size) + "/rows<=" + std::to_string(rows);
    const generated_case measured = step_case(mode, batch_size, rows);
    if (place.on_host())
      benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { call(state, measured); });
    else
      benchmark::RegisterBenchmark((name + "/graph_node").c_str(), [=](benchmark::State& state) {
        graph_node(state, measured);
      })->UseManualTime();
  };
  for (const std::int64_t batch_size : {1, 32, 256, 1024, 4096, 32768}) {
    add(NSAMETA_DECODE, batch_size, batch_size);
    add(NSAMETA_DRAFT_EXTEND, batch_size, batch_size * 4);
  }
  for (const std::int64_t rows : {8192, 131072, 1048576, 16777216}) add(NSAMETA_EXTEND, 64, rows);
}

}  // namespace

int main(int argc, char** argv) {
  std::string backend = "cpu";
  int kept = 0;
  for (int i = 0; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(backend_option))
      backend = argv[i] + backend_option.size();
    else
      argv[kept++] = argv[i];
  }
  argc = kept;
  place = place_of(backend);
  check(nsameta_set_override(backend.c_str()));
  benchmark::AddCustomContext("backend", backend);
  register_cases();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
