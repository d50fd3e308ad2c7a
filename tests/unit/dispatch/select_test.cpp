// The two rules: who can run and reaches the buffers, in an order; then named thresholds.
#include <vector>

#include "cpu/fill.h"
#include "cpu/tuning.h"
#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("cpu/auto: explained as one thread where the host can tell, and else by the threshold") {
  constexpr std::int64_t at_least = cpu::tuning::parallel_elements, room = 8 * at_least;
  for (const std::int64_t rows_each : {1, 2, 8}) {
    fake_world world;
    world.target.kind = NSAMETA_DEVICE_HOST;
    world.problem.mode = NSAMETA_TARGET_VERIFY;
    world.problem.uniform_extend_len = rows_each;
    world.outputs.cache_seqlens = world.outputs.total_rows = {};
    for (const std::int64_t fields : {1, 2}) {
      // Nothing is read or written to explain a call.
      world.outputs.seqlens_expanded = {reinterpret_cast<void*>(std::uintptr_t{1} << 43), room, NSAMETA_INT32};
      if (fields == 2)
        world.outputs.nsa_cache_seqlens = {reinterpret_cast<void*>(std::uintptr_t{1} << 44), room, NSAMETA_INT32};
      const std::int64_t threshold = at_least / rows_each / fields;
      std::vector<std::int32_t> lengths(static_cast<std::size_t>(4 * threshold), 5);
      world.problem.seq_lens.data = lengths.data();
      for (const std::int64_t requests : {threshold - 1, threshold, 4 * threshold}) {
        world.problem.batch_size = requests;
        nsameta_decision& decision = world.decision;
        REQUIRE(world.dispatch.explain(&world.problem, &world.outputs, &world.target, &decision) == NSAMETA_OK);
        CHECK(decision.row_bound == requests * rows_each);
        const std::int64_t elements = requests * rows_each * fields;
        const std::int64_t least = cpu::least_elements(world.problem, world.outputs);  // by the machine's CPUs
        CHECK(least >= at_least);
        const std::string fewer = "one thread: at most " + std::to_string(elements) + " elements, fewer than " +
                                  std::to_string(elements < at_least ? at_least : least);
        const std::string counted = "one thread below " + std::to_string(least) + " elements, else oneTBB";
        if (least > cpu::tuning::parallel_elements * 1000 && elements >= at_least)
          expect_words(decision.rule, {"one thread: no more CPUs"});
        else
          expect_words(decision.rule, {elements < least ? fewer.c_str() : counted.c_str()});
      }
    }
  }
}

TEST_CASE("what cannot be bounded without reading a length is left to the fill") {
  fake_world world;
  world.problem.req_pool_indices = world.problem.seq_lens;
  world.problem.req_to_token = {world.host_seq_lens.data(), 1, 4, 4};
  world.outputs.page_table_1 = {world.host_cache_seqlens.data(), 1, 4, 4};
  CHECK(cpu::bound_elements(world.problem, world.outputs) > 1000 * cpu::tuning::parallel_elements);
  world.outputs.page_table_1 = {};
  CHECK(cpu::bound_elements(world.problem, world.outputs) == 4);
  world.problem.mode = NSAMETA_EXTEND;
  world.problem.extend_seq_lens = world.problem.seq_lens;
  world.outputs.seqlens_expanded = {world.host_cache_seqlens.data(), 10, NSAMETA_INT32};
  world.outputs.token_to_batch = {world.host_cache_seqlens.data(), 30, NSAMETA_INT32};
  CHECK(cpu::bound_elements(world.problem, world.outputs) == 2 * 30);  // of the larger output
  world.outputs.token_to_batch.capacity = std::int64_t{1} << 62;
  CHECK(cpu::bound_elements(world.problem, world.outputs) > 1000 * cpu::tuning::parallel_elements);
}

TEST_CASE("reference and simt run only where they are named") {
  for (const nsameta_device_kind kind : {NSAMETA_DEVICE_AUTO, NSAMETA_DEVICE_HOST}) {
    fake_world world;
    world.target.kind = kind;
    CHECK(world.decided() == "cpu/auto");
    CHECK(world.fill() == NSAMETA_OK);
    for (const char* name : {"reference", "simt"}) {
      CHECK(world.rejection(name).code == NSAMETA_REJECTED_NOT_REQUESTED);
      expect_words(world.rejection(name).why, {"tests", "named"});
      CHECK(world[find_backend(name)].openings == 0);
    }
  }
}

TEST_CASE("a GPU's launch: its first variant, and the rows to expect") {
  fake_world world;
  world.put_all_on(id_cuda);
  CHECK(world.decided() == "cuda/block256");
  CHECK(world.fill() == NSAMETA_OK);
  const launch_policy& policy = world[id_cuda].fills.at(0).policy;
  CHECK(policy.variant == 0);
  CHECK(policy.row_bound == 4);
}

TEST_CASE("a fill runs as it was explained, at every call") {
  for (const nsameta_device_kind kind : {NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_CUDA, NSAMETA_DEVICE_SIMT})
    for (std::int64_t bound = 1; bound < (std::int64_t{1} << 40); bound *= 3) {
      fake_world world;
      world[id_cuda].device_count = world[id_simt].device_count = 3;
      world.target = {kind, kind == NSAMETA_DEVICE_HOST ? 0 : 2, nullptr, 0};
      world.problem.mode = NSAMETA_EXTEND;
      world.problem.extend_seq_lens = world.problem.seq_lens;
      world.outputs.cache_seqlens = world.outputs.total_rows = {};
      world.outputs.token_to_batch = {reinterpret_cast<void*>(std::uintptr_t{1} << 44), bound, NSAMETA_INT32};
      REQUIRE(world.explain() == NSAMETA_OK);
      for (int call = 0; call < 2; ++call) REQUIRE(world.fill() == NSAMETA_OK);
      const int id = find_backend(world.decision.backend);
      REQUIRE(world[id].fills.size() == 2);
      for (const auto& ran : world[id].fills) {
        CHECK(ran.policy.variant == 0);
        CHECK(ran.policy.row_bound == world.decision.row_bound);
        CHECK(ran.place.device == world.decision.device);
      }
    }
}

TEST_CASE("auto asks where the memory is at every call") {
  fake_world world;
  world.put_all_on(id_cuda);
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(world.fill() == NSAMETA_OK);
    CHECK(world[id_cuda].locates == 3 * i);
  }
  world.memory.clear();  // freed, and the addresses are the host's now
  REQUIRE(world.fill() == NSAMETA_OK);
  CHECK(world[id_cpu].fills.size() == 1);
}

TEST_CASE("null arguments are told after an accepted call too") {
  fake_world world;
  REQUIRE(world.fill() == NSAMETA_OK);
  expect_failure(world.dispatch.fill(nullptr, &world.outputs, &world.target), NSAMETA_INVALID_ARGUMENT,
                 {"problem is null"});
  expect_failure(world.dispatch.fill(&world.problem, nullptr, &world.target), NSAMETA_INVALID_ARGUMENT,
                 {"outputs is null"});
  expect_failure(world.dispatch.fill(&world.problem, &world.outputs, nullptr), NSAMETA_INVALID_ARGUMENT,
                 {"target is null"});
}
