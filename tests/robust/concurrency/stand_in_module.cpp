/// Stands in for the CUDA module: the same kernels, run as `simt` runs them, with streams and graphs. A module that is
/// opened, probed and loaded, so that the tests see what that does to threads and to a fork.
#include <atomic>

#include "gpu/module.h"
#include "held_call.h"
#include "simt/runtime.h"

namespace nsameta {
namespace {

std::atomic<held_call> hold{held_call::none};

void stop_if(held_call wanted) {
  if (hold.compare_exchange_strong(wanted, held_call::held)) wait_while(hold, held_call::held);
}

struct stand_in : simt::runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_CUDA;
  static constexpr const char* name = "cuda";

  static error device_count(int& count) {
    stop_if(held_call::probe_wanted);
    return simt::runtime::device_count(count);
  }
  static error launch(int kernel, gpu::launch_shape shape, const void* arguments, void* stream) {
    stop_if(held_call::launch_wanted);
    return simt::runtime::launch(kernel, shape, arguments, stream);
  }
};

}  // namespace
}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::gpu::module<nsameta::stand_in>();
}

std::atomic<nsameta::held_call>* nsameta_test_hold() { return &nsameta::hold; }
