#include <cstring>
#include <string>

#include "backend.h"
#include "backends.h"
#include "running.h"

using namespace nsameta;

TEST_CASE("the reference is one host device with one variant") {
  const backend_interface& reference = reference_backend();
  CHECK(reference.interface_version == backend_interface_version);
  CHECK(reference.kind == NSAMETA_DEVICE_HOST);
  CHECK(std::string(reference.name) == "reference");
  CHECK(std::string(reference.variants[0]) == "scalar");
  CHECK(reference.variants[1] == nullptr);

  failure_text failure{};
  std::int32_t devices = 0;
  CHECK(reference.probe(&devices, &failure) == NSAMETA_BACKEND_READY);
  CHECK(devices == 1);
  nsameta_device_info info{};
  CHECK(reference.describe(0, &info, &failure) == NSAMETA_OK);
  CHECK(std::strlen(info.name) > 0);
  CHECK(std::strlen(info.architecture) > 0);
  CHECK(info.memory_bytes > 0);
  CHECK(info.has_code == 1);
  CHECK(reference.warm_up(0, &failure) == NSAMETA_OK);
  memory_place place{};
  CHECK(reference.locate(&place, &place, &failure) == NSAMETA_OK);
  CHECK(place.kind == memory_kind::host);
}

TEST_CASE("its memory is the host's, its streams are always idle, and it has no graphs") {
  const device_services& services = reference_backend().services;
  failure_text failure{};
  void* memory = nullptr;
  REQUIRE(services.allocate(0, 4, &memory, &failure) == NSAMETA_OK);
  void* stream = nullptr;
  CHECK(services.create_stream(0, &stream, &failure) == NSAMETA_OK);
  const launch_place place{0, stream};
  std::int32_t number = 7;
  CHECK(services.copy(place, memory, &number, sizeof number, &failure) == NSAMETA_OK);
  CHECK(services.synchronize(place, &failure) == NSAMETA_OK);
  number = 0;
  CHECK(services.copy(place, &number, memory, sizeof number, &failure) == NSAMETA_OK);
  CHECK(number == 7);
  bool capturing = true;
  CHECK(services.is_capturing(place, &capturing, &failure) == NSAMETA_OK);
  CHECK_FALSE(capturing);
  const bool has_graphs = services.begin_capture != nullptr;
  CHECK_FALSE(has_graphs);
  CHECK(services.destroy_stream(place, &failure) == NSAMETA_OK);
  CHECK(services.release(0, memory, &failure) == NSAMETA_OK);
}

TEST_CASE("a batch too large to remember is an error, not an abort") {
  failure_text failure{};
  nsameta_problem problem{};
  problem.batch_size = std::int64_t{1} << 58;
  const nsameta_outputs outputs{};
  const nsameta_status result = reference_backend().fill(problem, &outputs, 1, {}, {}, &failure);
  CHECK(result == NSAMETA_OUT_OF_MEMORY);
  CHECK(std::string(failure.text).find("batch_size 288230376151711744") != std::string::npos);
}
