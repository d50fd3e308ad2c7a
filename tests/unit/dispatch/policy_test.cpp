#include "expect.h"
#include "fakes.h"

using namespace nsameta;
using namespace nsameta::test;

namespace {

const policy_row& row(const char* backend, const char* variant) {
  const policy_row* found = find_policy(policy_table(), backend, variant);
  REQUIRE(found != nullptr);
  return *found;
}

}  // namespace

TEST_CASE("the table changes its mind exactly at the threshold") {
  const policy_row& serial = row("cpu", "serial");
  const policy_row& tbb = row("cpu", "tbb");
  for (const std::int64_t n : {1, 2, 8}) {
    const auto threshold = policy_threshold(serial, tbb, n);
    REQUIRE(threshold.has_value());
    fake_world world;
    world.target.kind = NSAMETA_DEVICE_HOST;
    world.problem.mode = NSAMETA_TARGET_VERIFY;
    world.problem.uniform_extend_len = n;
    std::vector<std::int32_t> lengths(static_cast<std::size_t>(*threshold) + 1, 5);
    world.problem.seq_lens.data = lengths.data();
    world.outputs.cache_seqlens.data = nullptr;
    for (const std::int64_t step : {-1, 0, 1}) {
      world.problem.batch_size = *threshold + step;
      CHECK(world.decided() == (step < 0 ? "cpu/serial" : "cpu/tbb"));
      CHECK(world.decision.row_bound == world.problem.batch_size * n);
      CHECK(world.decision.row_elements == world.problem.batch_size * n);
    }
    CHECK(world.decision.grain_rows == tbb.grain_rows);
  }
}

TEST_CASE("there is no threshold where one row always wins") {
  CHECK_FALSE(policy_threshold(row("cpu", "serial"), row("reference", "scalar"), 1).has_value());
  CHECK(policy_threshold(row("reference", "scalar"), row("cpu", "serial"), 1) == 0);
}

TEST_CASE("reference and simt never beat cpu") {
  const policy_row& serial = row("cpu", "serial");
  for (const policy_row& other : policy_table()) {
    const std::string backend = other.backend;
    if (backend != "reference" && backend != "simt") continue;
    CHECK(other.fixed_ns > serial.fixed_ns);
    CHECK(other.ns_per_request > serial.ns_per_request);
    CHECK(other.ns_per_row_element > serial.ns_per_row_element);
    CHECK(other.ns_per_table_element > serial.ns_per_table_element);
  }
}

TEST_CASE("a GPU policy becomes threads and blocks of the device") {
  fake_world world;
  world.put_all_on(id_cuda);
  CHECK(world.decided() == "cuda/block256");
  CHECK(world.decision.block_threads == 256);
  CHECK(world.decision.max_blocks == 4 * 10);
  CHECK(world.fill() == NSAMETA_OK);
  const launch_policy& policy = world[id_cuda].fills.at(0).policy;
  CHECK(policy.variant == 0);
  CHECK(policy.block_threads == 256);
  CHECK(policy.max_blocks == 40);
  CHECK(policy.row_bound == 4);
}

TEST_CASE("every backend of the table is one of the five") {
  for (const policy_row& each : policy_table()) CHECK(find_backend(each.backend) >= 0);
}
