// Where cpu/auto turns from one thread to oneTBB. In a process of its own: the answer is whether anything there has
// used oneTBB yet, which a child of a fork can tell.
#include <doctest/doctest.h>
#include <tbb/global_control.h>
#include <tbb/task_arena.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>
#include <vector>

#include "../../child.h"
#include "../dispatch/scratch_folder.h"
#include "common/sanitizer.h"
#include "cpu/fill.h"
#include "cpu/scheduler.h"
#include "cpu/tuning.h"

using namespace nsameta;

namespace {

using ints = std::vector<std::int32_t>;

constexpr std::int64_t threshold = cpu::tuning::parallel_elements;

/// `rows` rows over `requests` requests, as uneven as that goes, of so many row fields.
struct sized_fill {
  nsameta_problem problem;
  nsameta_outputs outputs;
  ints seq_lens, extend_seq_lens;
  std::vector<ints> vectors;

  sized_fill(std::int64_t requests, std::int64_t rows, std::int64_t fields, std::int64_t spare = 0)
      : seq_lens(static_cast<std::size_t>(requests), 1'000'000),
        extend_seq_lens(static_cast<std::size_t>(requests), static_cast<std::int32_t>(rows / requests)) {
    extend_seq_lens[0] += static_cast<std::int32_t>(rows % requests);
    nsameta_problem_init(&problem);
    problem.mode = NSAMETA_EXTEND;
    problem.batch_size = requests;
    problem.seq_lens.data = seq_lens.data();
    problem.extend_seq_lens.data = extend_seq_lens.data();
    nsameta_outputs_init(&outputs);
    nsameta_vector* const all[]{&outputs.seqlens_expanded, &outputs.nsa_cache_seqlens, &outputs.token_to_batch,
                                &outputs.nsa_cu_seqlens_q};
    for (std::int64_t i = 0; i < fields; ++i) {
      vectors.emplace_back(static_cast<std::size_t>(rows + 1 + spare));
      *all[i] = {vectors.back().data(), rows + 1 + spare, NSAMETA_INT32};
    }
  }
  sized_fill(const sized_fill&) = delete;
};

/// Whether a fill, in a process where nothing has used oneTBB, does.
std::string uses_threads(const nsameta_problem& problem, const nsameta_outputs& outputs) {
  return test::in_child(test::ending::without_exit, [&]() -> std::string {
    cpu::fill(problem, outputs, cpu::variant_auto);
    cpu::leave_scheduler();
    return cpu::scheduler_left_behind() ? "yes" : "no";
  });
}
/// From how many elements on it does. Asked in a child, since a process asks its environment once.
std::int64_t least_elements(const sized_fill& made) {
  return std::stoll(test::in_child(test::ending::without_exit,
                                   [&] { return std::to_string(cpu::least_elements(made.problem, made.outputs)); }));
}

std::string uses_threads(const sized_fill& made) { return uses_threads(made.problem, made.outputs); }

}  // namespace

TEST_CASE("rows times row fields decide") {
  for (const std::int64_t fields : {1, 2, 3, 4})
    for (const std::int64_t requests : {1, 7, 300, 5000}) {
      CAPTURE(fields);
      CAPTURE(requests);
      const std::int64_t rows = (least_elements(sized_fill(requests, requests, fields)) + fields - 1) / fields;
      CHECK(uses_threads(sized_fill(requests, rows - 1, fields)) == "no");
      CHECK(uses_threads(sized_fill(requests, rows, fields)) == "yes");
    }
}

TEST_CASE("rows are counted, not the room for them") {
  for (const std::int64_t fields : {2, 3}) {
    CHECK(uses_threads(sized_fill(32, 100, fields, 3 * threshold)) == "no");
    CHECK(uses_threads(sized_fill(32, threshold, fields, 3 * threshold)) == "yes");
  }
}

TEST_CASE("rows that no output has room for do not count") {
  sized_fill made(32, threshold, 2);
  made.outputs.seqlens_expanded.capacity = made.outputs.nsa_cache_seqlens.capacity = 1000;
  CHECK(uses_threads(made) == "no");
}

TEST_CASE("requests raise the threshold: the more, the fewer threads share adding them up") {
  constexpr std::int64_t requests = 3000;
  const sized_fill made(requests, requests, 1);
  setenv("NSAMETA_NUM_THREADS", "2", 1);
  CHECK(least_elements(made) == threshold + requests * cpu::tuning::request_elements);
  setenv("NSAMETA_NUM_THREADS", "64", 1);
  const std::int64_t others =
      std::stoll(test::in_child(test::ending::without_exit, [] { return std::to_string(cpu::usable_threads() - 1); }));
  CHECK(least_elements(made) == threshold + requests * cpu::tuning::request_elements / others);
  sized_fill sharded(requests, requests, 1);  // added up on one thread too
  sharded.problem.kv_shard = {2, 0, 1};
  CHECK(least_elements(sharded) == threshold);
}

TEST_CASE("strided lengths are counted too") {
  sized_fill made(64, threshold / 2 - 1, 2);
  made.problem.extend_seq_lens.stride = made.problem.seq_lens.stride = 2;  // 32 requests of the 64
  made.problem.batch_size = 32;
  CHECK(uses_threads(made) == "no");
  sized_fill large(64, threshold, 2);
  large.problem.extend_seq_lens.stride = large.problem.seq_lens.stride = 2;
  large.problem.batch_size = 32;
  large.extend_seq_lens[0] += static_cast<std::int32_t>(threshold / 2);
  CHECK(uses_threads(large) == "yes");
}

TEST_CASE("live columns and pages count, not tables' width and not tiles") {
  constexpr std::int64_t width = 4 * threshold / 16;
  const ints tokens(width, 640);
  struct row {
    std::int64_t requests, live;
    bool paged;
    const char* threads;
  };
  for (const row& each : {row{16, 100, false, "no"}, row{16, threshold / 16 + 16, false, "yes"},
                          row{512, 100, false, "no"}, row{256, 1000, true, "no"}, row{512, 1000, true, "yes"},
                          row{16, width / 2, true, "no"}, row{64, width, true, "yes"}}) {
    CAPTURE(each.requests);
    CAPTURE(each.live);
    CAPTURE(each.paged);
    const ints slots(static_cast<std::size_t>(each.requests), 0);
    sized_fill made(each.requests, each.requests, 1);
    made.problem.mode = NSAMETA_DECODE;
    made.problem.extend_seq_lens.data = nullptr;
    std::fill(made.seq_lens.begin(), made.seq_lens.end(), static_cast<std::int32_t>(each.live));
    made.problem.req_pool_indices.data = slots.data();
    made.problem.req_to_token = {tokens.data(), 1, width, width};
    const std::int64_t columns = each.paged ? width / made.problem.page_size : each.live;
    ints table(static_cast<std::size_t>(each.requests * columns));
    (each.paged ? made.outputs.real_page_table : made.outputs.page_table_1) = {table.data(), each.requests, columns,
                                                                               columns};
    CHECK(uses_threads(made) == each.threads);
  }
}

TEST_CASE("a child that was left without oneTBB goes on with one thread") {
  sized_fill made(7, 2 * threshold, 2);
  CHECK(test::in_child(test::ending::without_exit, [&]() -> std::string {
          {
            const cpu::scheduler_use use;
          }
          cpu::leave_scheduler();
          if (cpu::scheduler_use()) return "oneTBB is granted";
          cpu::fill(made.problem, made.outputs, cpu::variant_auto);
          return made.vectors[0][0] == 0 ? "nothing was filled" : "";
        }) == "");
}

TEST_CASE("NSAMETA_NUM_THREADS=1 leaves a fill to its thread") {
  const sized_fill made(7, 2 * threshold, 2);
  setenv("NSAMETA_NUM_THREADS", "1", 1);
  CHECK(uses_threads(made) == "no");
  CHECK(test::in_child(test::ending::without_exit, [&]() -> std::string {
          const nsameta_target host{NSAMETA_DEVICE_HOST, 0, nullptr, 0};
          nsameta_decision decision{};
          decision.struct_size = sizeof decision;
          if (nsameta_explain(&made.problem, &made.outputs, &host, &decision) != NSAMETA_OK)
            return nsameta_last_error();
          return std::string(decision.rule).substr(std::string(decision.rule).find(';'));
        }) == "; one thread: no more CPUs, or no more granted by NSAMETA_NUM_THREADS or the container");
  for (const char* no_number : {"", "0", "-1", "2x", "many"}) {
    setenv("NSAMETA_NUM_THREADS", no_number, 1);
    CHECK(uses_threads(made) == (cpu::container_cpus("") > 1 ? "yes" : "no"));
  }
  CHECK(test::in_child(test::ending::without_exit, []() -> std::string {
          static std::string said;
          setenv("NSAMETA_LOG", "dispatch", 1);
          nsameta_set_log_callback([](const char* line, void*) { said += line; }, nullptr);
          cpu::most_threads();
          return said;
        }) == "NSAMETA_NUM_THREADS: \"many\" is no number from 1 up");
  setenv("NSAMETA_NUM_THREADS", "64", 1);
}

TEST_CASE("NSAMETA_NUM_THREADS bounds the threads of fills, whatever the caller's arena has") {
  constexpr int most = 3, allowed = 8;
  sized_fill made(7, 8 * threshold, 2);
  const auto threads_of_fills = [&] {
    const tbb::global_control more(tbb::global_control::max_allowed_parallelism, allowed);
    tbb::task_arena arena(allowed);
    const auto count = [] {
      const std::filesystem::directory_iterator threads("/proc/self/task"), end;
      return std::distance(threads, end);
    };
    for (int i = 0; i < 1000 && count() <= most; ++i)
      arena.execute([&] { cpu::fill(made.problem, made.outputs, cpu::variant_auto); });
    return std::string(count() > most ? "more" : count() > 1 ? "some" : "one");
  };
  CHECK(test::in_child(test::ending::without_exit, threads_of_fills) == "more");
  setenv("NSAMETA_NUM_THREADS", " 3\n", 1);
  CHECK(test::in_child(test::ending::without_exit, threads_of_fills) == "some");
  setenv("NSAMETA_NUM_THREADS", "64", 1);
}

TEST_CASE("fills of all kinds, from callers with arenas of their own, share the threads that they may have") {
  constexpr int most = 3, allowed = 8, rounds = 50;
  setenv("NSAMETA_NUM_THREADS", std::to_string(most).c_str(), 1);
  CHECK(test::in_child(test::ending::without_exit, [&]() -> std::string {
          const tbb::global_control more(tbb::global_control::max_allowed_parallelism, allowed);
          std::vector<std::thread> callers;
          for (const std::int64_t requests : {7, 3000})
            for (const std::int32_t shards : {1, 2})
              callers.emplace_back([=] {
                sized_fill made(requests, 8 * threshold, 2);
                made.problem.kv_shard.size = shards;
                tbb::task_arena arena(allowed);
                for (int i = 0; i < rounds; ++i)
                  arena.execute([&] { cpu::fill(made.problem, made.outputs, cpu::variant_tbb); });
              });
          for (std::thread& caller : callers) caller.join();
          const std::filesystem::directory_iterator threads("/proc/self/task"), end;
          const auto left = std::distance(threads, end);  // this one, and oneTBB's
          return left > 1 && left <= most ? "" : std::to_string(left) + " threads";
        }) == "");
  setenv("NSAMETA_NUM_THREADS", "64", 1);
}

TEST_CASE("a container's quota is read from either kind of cgroup, and rounded up") {
  const test::scratch_folder root;
  const auto granted = [&] { return cpu::container_cpus(root.path.c_str()); };
  const auto write = [&](const char* file, const char* text) {
    std::filesystem::create_directories((root.path / file).parent_path());
    std::ofstream(root.path / file) << text;
  };
  CHECK(granted() == INT_MAX);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(granted() == INT_MAX);
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  CHECK(granted() == 1);
  write("sys/fs/cgroup/cpu.max", "250000 100000\n");
  CHECK(granted() == 3);
  write("sys/fs/cgroup/cpu.max", "max 100000\n");
  write("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  CHECK(granted() == INT_MAX);
}
