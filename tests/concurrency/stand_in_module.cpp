/// Stands in for the CUDA module: the same kernels, run as `simt` runs them, with streams and graphs. A module that is
/// opened, probed and loaded, so that the tests see what that does to threads and to a fork.
#include <atomic>

#include "gpu/module.h"
#include "held_launch.h"
#include "simt/runtime.h"

namespace nsameta {
namespace {

std::atomic<held_launch> hold{held_launch::none};

struct stand_in : simt::runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_CUDA;
  static constexpr const char* name = "cuda";

  static error launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
    auto wanted = held_launch::wanted;
    if (hold.compare_exchange_strong(wanted, held_launch::held)) wait_while(hold, held_launch::held);
    return simt::runtime::launch(kernel, shape, arguments, stream);
  }
};

}  // namespace
}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::gpu::module<nsameta::stand_in>();
}

std::atomic<nsameta::held_launch>* nsameta_test_hold() { return &nsameta::hold; }
