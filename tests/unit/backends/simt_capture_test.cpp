// Streams and graphs: what a capture records, what it refuses.
#include <thread>

#include <doctest/doctest.h>

#include "problem.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

struct owned_stream {
  owned_stream() { REQUIRE(runtime::create_stream(handle) == runtime::success); }
  ~owned_stream() { runtime::destroy_stream(handle); }
  void* handle = nullptr;
};

bool is_capturing(void* stream) {
  bool capturing = false;
  CHECK(runtime::is_capturing(stream, capturing) == runtime::success);
  return capturing;
}

/// Ends a capture that must have been spoiled.
void check_spoiled(void* stream) {
  void* graph = nullptr;
  CHECK(runtime::end_capture(stream, graph) == error::capture_invalidated);
  CHECK(graph == nullptr);
  CHECK_FALSE(is_capturing(stream));
  runtime::clear_error();
}

TEST_CASE("a captured launch runs when its graph does, with the lengths of then") {
  REQUIRE(runtime::load(small_kernel) == runtime::success);
  const owned_stream stream;
  small_problem some;
  std::array<std::int32_t, 4> copied{};
  REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
  CHECK(is_capturing(stream.handle));
  CHECK_FALSE(is_capturing(nullptr));
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), stream.handle) == runtime::success);
  CHECK(runtime::copy(copied.data(), some.cu_seqlens_k.data(), sizeof copied, stream.handle) == runtime::success);
  void* graph = nullptr;
  REQUIRE(runtime::end_capture(stream.handle, graph) == runtime::success);
  CHECK(some.untouched());
  CHECK_FALSE(is_capturing(stream.handle));

  for (const std::int32_t length : {1, 100, 3}) {
    some.seq_lens[1] = length;
    CHECK(runtime::launch_graph(graph, stream.handle) == runtime::success);
    some.check();
    CHECK(copied == some.cu_seqlens_k);
  }
  CHECK(runtime::destroy_graph(graph) == runtime::success);
}

TEST_CASE("the default stream works on while another captures, and cannot be captured") {
  REQUIRE(runtime::load(small_kernel) == runtime::success);
  const owned_stream stream;
  small_problem some;
  REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
  CHECK(runtime::launch(small_kernel, {1, 1}, &some.arguments(), nullptr) == runtime::success);
  some.check();
  void* graph = nullptr;
  REQUIRE(runtime::end_capture(stream.handle, graph) == runtime::success);
  runtime::destroy_graph(graph);

  CHECK(runtime::begin_capture(nullptr) == error::capture_unsupported);
  CHECK(runtime::end_capture(nullptr, graph) == error::capture_not_begun);
  runtime::clear_error();
}

TEST_CASE("calls that wait or allocate spoil a capture") {
  const owned_stream stream;
  void* before = nullptr;
  REQUIRE(runtime::allocate(16, before) == runtime::success);

  SUBCASE("allocate") {
    void* memory = nullptr;
    REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
    CHECK(runtime::allocate(16, memory) == error::capture_unsupported);
    CHECK(memory == nullptr);
  }
  SUBCASE("release") {
    REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
    CHECK(runtime::release(before) == error::capture_unsupported);
  }
  SUBCASE("synchronize") {
    REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
    CHECK(runtime::synchronize(stream.handle) == error::capture_unsupported);
  }
  check_spoiled(stream.handle);
  CHECK(runtime::release(before) == runtime::success);
}

TEST_CASE("a capture belongs to the thread that began it") {
  const owned_stream stream;
  const owned_stream other;
  REQUIRE(runtime::begin_capture(stream.handle) == runtime::success);
  CHECK(runtime::begin_capture(stream.handle) == error::capture_already_begun);
  CHECK(runtime::begin_capture(other.handle) == error::capture_already_begun);
  std::thread([&] {
    void* graph = nullptr;
    void* memory = nullptr;
    CHECK(runtime::end_capture(stream.handle, graph) == error::capture_not_begun);
    CHECK(runtime::allocate(16, memory) == runtime::success);
    CHECK(runtime::release(memory) == runtime::success);
  }).join();
  void* graph = nullptr;
  CHECK(runtime::end_capture(stream.handle, graph) == runtime::success);
  CHECK(runtime::destroy_graph(graph) == runtime::success);
  runtime::clear_error();
}

}  // namespace
}  // namespace nsameta::simt
