// Warming up a device: what it launches, and what it says when that fails.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "gpu/module.h"
#include "simt/runtime.h"

namespace nsameta::simt {
namespace {

struct seen_launch {
  int kernel, blocks;
  void* stream;
};

/// The runtime, with what was asked of it, and with failures where a test wants them.
struct watched : runtime {
  static inline std::vector<seen_launch> launches;
  static inline int open_streams;
  static inline int faulty_kernel;
  static inline bool has_streams;

  static void reset() {
    launches.clear();
    open_streams = 0;
    faulty_kernel = -1;
    has_streams = true;
  }
  static error launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
    launches.push_back({kernel, shape.blocks, stream});
    return kernel == faulty_kernel ? record_fault("it fails") : runtime::launch(kernel, shape, arguments, stream);
  }
  static error create_stream(void*& stream) {
    if (!has_streams) return record(error::out_of_memory);
    ++open_streams;
    return runtime::create_stream(stream);
  }
  static error destroy_stream(void* stream) {
    --open_streams;
    return runtime::destroy_stream(stream);
  }
};

}  // namespace

TEST_CASE("a warm-up runs every kernel once, with nothing to do, on a stream of its own") {
  for (const std::int32_t device : {0, 1}) {
    watched::reset();
    failure_text why{};
    CHECK(gpu::warm_up<watched>(device, &why) == NSAMETA_OK);
    REQUIRE(watched::launches.size() == gpu::kernel_count);
    for (int kernel = 0; kernel < gpu::kernel_count; ++kernel) {
      const seen_launch& seen = watched::launches[static_cast<std::size_t>(kernel)];
      CHECK(seen.kernel == kernel);
      CHECK(seen.blocks == 1);
      CHECK(seen.stream != nullptr);
    }
    CHECK(watched::open_streams == 0);
  }
}

TEST_CASE("a warm-up that gets no stream tells so") {
  watched::reset();
  watched::has_streams = false;
  failure_text why{};
  CHECK(gpu::warm_up<watched>(0, &why) == NSAMETA_OUT_OF_MEMORY);
  CHECK(std::string(why.text).find("running a kernel") != std::string::npos);
  CHECK(watched::launches.empty());
  CHECK(watched::pending_error() == error::none);
}

TEST_CASE("a warm-up ends at the first kernel that fails, and keeps no stream") {
  watched::reset();
  watched::faulty_kernel = 3;
  failure_text why{};
  CHECK(gpu::warm_up<watched>(1, &why) == NSAMETA_DEVICE_ERROR);
  CHECK(std::string(why.text).find("running a kernel") != std::string::npos);
  CHECK(std::string(why.text).find("it fails") != std::string::npos);
  CHECK(watched::launches.size() == 4);
  CHECK(watched::open_streams == 0);
  CHECK(watched::pending_error() == error::none);
}

}  // namespace nsameta::simt
