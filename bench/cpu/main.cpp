/// nsameta_bench_cpu [--quick] [Google Benchmark options]
/// Times of one fill of two fields on the host, beside memset of the same bytes. Names: cpu/CASE/SIZE/CONTESTANT.
/// And of steps, by either way through them and by the one that is chosen:
/// cpu_step/MODE/tables:T/live:L/bs:B/CONTESTANT.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "host_case.h"

namespace {

using namespace nsameta::bench;

constexpr std::int64_t most_reference_rows = 1'000'000;

/// Batches of one kind that take turns: one, or so many that branch predictors cannot learn them.
using batches = std::vector<std::shared_ptr<const host_case>>;

template <class Run>
void add(const std::string& name, const batches& turns, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    std::size_t turn = 0;
    for (auto _ : state) {
      run(*turns[turn]);
      benchmark::ClobberMemory();
      turn = turn + 1 == turns.size() ? 0 : turn + 1;
    }
    state.counters["requests"] = static_cast<double>(turns[0]->requests());
    state.counters["rows"] = static_cast<double>(turns[0]->rows());
    state.counters["bytes"] = static_cast<double>(turns[0]->bytes());
  })->UseRealTime();
}

void add_group(const std::string& group, const batches& turns) {
  const host_case& one = *turns[0];
  add(group + "/memset", turns, [](const host_case& batch) { batch.set(); });
  add(group + "/memset_tbb", turns, [](const host_case& batch) { batch.set_parallel(); });
  for (const char* variant : {"serial", "tbb"})
    add(group + '/' + variant, turns,
        [policy = one.policy_of(variant)](const host_case& batch) { batch.fill_by(policy); });
  add(group + "/chosen", turns, [policy = one.policy_of("auto")](const host_case& batch) { batch.fill_by(policy); });
  add(group + "/nsameta_fill", turns, [](const host_case& batch) { batch.fill(); });
  if (one.rows() <= most_reference_rows)
    add(group + "/reference", turns, [](const host_case& batch) { batch.fill_by_reference(); });
}

std::shared_ptr<const host_case> make(nsameta::harness::generated_case measured) {
  ask_for(measured, two_fields());
  return std::make_shared<const host_case>(measured);
}

void add_groups(bool quick) {
  const auto ragged = quick ? std::vector<std::int64_t>{1, 32, 1024}
                            : std::vector<std::int64_t>{1, 8, 32, 128, 512, 1024, 4096, 16384, 65536};
  for (const std::int64_t requests : ragged)
    add_group("cpu/draft_extend/bs:" + std::to_string(requests), {make(ragged_case(requests, 1, 4))});
  batches turns;
  for (std::uint64_t turn = 0; turn < 64; ++turn) turns.push_back(make(ragged_case(32, 1, 4, turn)));
  add_group("cpu/draft_extend_in_turns/bs:32", turns);
  const auto hundreds = quick ? std::vector<std::int64_t>{100, 10'000}
                              : std::vector<std::int64_t>{10, 100, 300, 1'000, 3'000, 10'000, 30'000, 150'000};
  for (const std::int64_t requests : hundreds)
    add_group("cpu/long_rows/rows:" + std::to_string(requests * 100), {make(long_rows_case(requests))});
}

/// One fill after a pause, in which oneTBB's threads go to sleep as they do between an engine's steps.
void add_step(const std::string& group, nsameta_mode mode, int tables, std::int64_t live, std::int64_t requests) {
  constexpr std::chrono::microseconds pause{1500};
  constexpr int fills = 101;
  const auto batch = std::make_shared<const host_case>(step_case(mode, tables, live, requests));
  for (const auto& [name, variant] : {std::pair{"serial", "serial"}, {"tbb", "tbb"}, {"chosen", "auto"}})
    benchmark::RegisterBenchmark(
        (group + '/' + name).c_str(),
        [=, policy = batch->policy_of(variant)](benchmark::State& state) {
          for (auto _ : state) {
            std::this_thread::sleep_for(pause);
            const auto begin = std::chrono::steady_clock::now();
            batch->fill_by(policy);
            state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
          }
          state.counters["requests"] = static_cast<double>(batch->requests());
          state.counters["rows"] = static_cast<double>(batch->rows());
          state.counters["bytes"] = static_cast<double>(batch->bytes());
        })
        ->UseManualTime()
        ->Iterations(1)
        ->Repetitions(fills);
}

/// Of vectors alone only so many that the two ways differ: a few are one thread's, whoever is asked.
void add_steps(bool quick) {
  const auto sizes = quick ? std::vector<std::int64_t>{1, 64, 512} : std::vector<std::int64_t>{1, 16, 64, 256, 512};
  for (const auto& [name, mode] : {std::pair{"decode", NSAMETA_DECODE}, {"draft_extend", NSAMETA_DRAFT_EXTEND}}) {
    const auto add = [&](int tables, std::int64_t live, std::int64_t requests) {
      add_step(std::string("cpu_step/") + name + "/tables:" + std::to_string(tables) + "/live:" + std::to_string(live) +
                   "/bs:" + std::to_string(requests),
               mode, tables, live, requests);
    };
    for (const std::int64_t requests : {16'384, 65'536}) add(0, 1000, requests);
    for (const int tables : {1, 2})
      for (const std::int64_t live : {1000, 8000})
        for (const std::int64_t requests : sizes) add(tables, live, requests);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool quick = false;
  int kept = 0;
  for (int i = 0; i < argc; ++i) {
    if (argv[i] == std::string_view("--quick")) {
      quick = true;
    } else {
      argv[kept++] = argv[i];
    }
  }
  argc = kept;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_groups(quick);
  add_steps(quick);
  benchmark::RunSpecifiedBenchmarks();
}
