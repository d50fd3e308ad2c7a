// The virtual devices behave like real ones: current device and last error are the thread's own.
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include "problem.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

TEST_CASE("there are two devices, one of each warp width") {
  int count = 0;
  REQUIRE(runtime::device_count(count) == runtime::success);
  REQUIRE(count == 2);
  for (int device = 0; device < count; ++device) {
    nsameta_device_info info{};
    REQUIRE(runtime::describe(device, info) == runtime::success);
    CHECK(info.warp_width == (device == 0 ? 32 : 64));
    CHECK(std::string(info.architecture) == (device == 0 ? "warp32" : "warp64"));
    CHECK(std::string(info.name) == (device == 0 ? "simt, 32-wide warps" : "simt, 64-wide warps"));
    CHECK(info.multiprocessors == 4);
    CHECK(info.memory_bytes > 0);
  }
  CHECK(std::string(runtime::version()).starts_with("fibres (Boost.Context 1."));
}

TEST_CASE("an error stays the thread's last one until it is cleared") {
  CHECK(runtime::set_device(2) == error::invalid_device);
  CHECK(runtime::pending_error() == error::invalid_device);
  CHECK(runtime::set_device(0) == runtime::success);
  CHECK(runtime::pending_error() == error::invalid_device);
  std::thread([] { CHECK(runtime::pending_error() == runtime::success); }).join();
  CHECK(runtime::clear_error() == error::invalid_device);
  CHECK(runtime::pending_error() == runtime::success);
}

TEST_CASE("the current device is the thread's own") {
  REQUIRE(runtime::set_device(1) == runtime::success);
  int device = -1;
  std::thread([&] { runtime::get_device(device); }).join();
  CHECK(device == 0);
  runtime::get_device(device);
  CHECK(device == 1);
  runtime::set_device(0);
}

TEST_CASE("devices, kernels and grids that are not there are refused") {
  nsameta_device_info info{};
  small_problem some;
  CHECK(runtime::describe(-1, info) == error::invalid_device);
  CHECK(runtime::load(-1) == error::invalid_value);
  CHECK(runtime::launch(99, {1, 1}, &some.arguments(), nullptr) == error::invalid_value);
  CHECK(runtime::launch(small_kernel, {0, 1}, &some.arguments(), nullptr) == error::invalid_value);
  runtime::clear_error();
}

TEST_CASE("a stream serves its own device only") {
  void* stream = nullptr;
  REQUIRE(runtime::create_stream(stream) == runtime::success);
  small_problem some;
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), stream) == runtime::success);
  some.check();
  runtime::set_device(1);
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), stream) == error::invalid_stream);
  runtime::set_device(0);
  CHECK(runtime::destroy_stream(stream) == runtime::success);
  CHECK(runtime::clear_error() == error::invalid_stream);
}

}  // namespace
}  // namespace nsameta::simt
