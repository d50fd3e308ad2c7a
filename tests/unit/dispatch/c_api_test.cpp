// The process's own dispatcher, over the backends that are linked in.
#include <array>
#include <cstring>

#include "expect.h"
#include "nsameta/device.hpp"
#include "registry.h"

using namespace nsameta;
using namespace nsameta::test;

TEST_CASE("all five backends are listed in selection order, each with a state and a reason unless ready") {
  const auto all = nsameta::backends();
  REQUIRE(all.size() == backend_count);
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(std::string(all[i].name) == all_backends[i].name);
    CHECK((all[i].state == NSAMETA_BACKEND_READY) == (all[i].reason[0] == '\0'));
    CHECK((all[i].state == NSAMETA_BACKEND_READY) == (all[i].device_count > 0));
  }
  CHECK(all[0].state == NSAMETA_BACKEND_READY);
  CHECK(all[1].state == NSAMETA_BACKEND_READY);
  nsameta_backend_info two[2];
  CHECK(nsameta_backends(two, 2) == backend_count);
}

TEST_CASE("devices are described, and what is none is named") {
  nsameta_device_info info;
  CHECK(nsameta_device("cpu", 0, &info) == NSAMETA_OK);
  CHECK(info.has_code == 1);
  expect_failure(nsameta_device("gpu", 0, &info), NSAMETA_INVALID_ARGUMENT, {"backend is \"gpu\"", "reference, cpu"});
  expect_failure(nsameta_device(nullptr, 0, &info), NSAMETA_INVALID_ARGUMENT, {"backend is null"});
  expect_failure(nsameta_device("cpu", 1, &info), NSAMETA_INVALID_ARGUMENT, {"index is 1", "cpu has 1 device"});
  expect_failure(nsameta_device("cpu", -1, &info), NSAMETA_INVALID_ARGUMENT, {"index is -1"});
  expect_failure(nsameta_device("cpu", 0, nullptr), NSAMETA_INVALID_ARGUMENT, {"out is null"});
}

TEST_CASE("the device interface reaches the backend's services") {
  const device host("reference");
  const device_memory memory = allocate(host, 16);
  const std::array<char, 4> sent{'a', 'b', 'c', 'd'};
  std::array<char, 4> received{};
  host.copy(memory.get(), sent.data(), sent.size());
  host.copy(received.data(), memory.get(), received.size());
  CHECK(received == sent);
  host.synchronize();
  void* graph = nullptr;
  expect_failure(nsameta_capture_begin("reference", 0, nullptr), NSAMETA_UNSUPPORTED, {"reference"});
  expect_failure(nsameta_capture_end("reference", 0, nullptr, nullptr), NSAMETA_INVALID_ARGUMENT, {"graph is null"});
  expect_failure(nsameta_capture_end("reference", 4, nullptr, &graph), NSAMETA_INVALID_ARGUMENT, {"index is 4"});
  expect_failure(nsameta_device_allocate("reference", 0, 1, nullptr), NSAMETA_INVALID_ARGUMENT, {"out is null"});
}

TEST_CASE("the C++ layer fills, and throws what the C interface says") {
  const std::vector<std::int32_t> lengths{3, 5};
  std::vector<std::int32_t> cache(2);
  std::vector<std::int64_t> sums(3);
  nsameta::problem problem(NSAMETA_DECODE);
  problem.with_seq_lens(lengths);
  nsameta::outputs outputs;
  outputs.with(&nsameta_outputs::cache_seqlens, cache).with(&nsameta_outputs::cu_seqlens_k, sums);
  const target host(NSAMETA_DEVICE_HOST);
  CHECK(nsameta::fill(problem, outputs, host));
  CHECK(cache == lengths);
  CHECK(sums == std::vector<std::int64_t>{0, 3, 8});
  problem.with_page_size(0);
  const result refused = nsameta::fill(problem, outputs, host);
  CHECK_FALSE(refused);
  CHECK(refused.message() == "page_size is 0, outside [1, 65536]");
  CHECK_THROWS_WITH_AS(refused.or_throw(), "invalid_argument: page_size is 0, outside [1, 65536]", nsameta::error);
}
