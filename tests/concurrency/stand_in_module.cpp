/// Stands in for the CUDA module: the same kernels, run as `simt` runs them, with streams and graphs. A module that is
/// opened, probed and loaded, so that the tests see what that does to threads and to a fork.
#include "gpu/module.h"
#include "simt/runtime.h"

namespace nsameta {
namespace {

struct stand_in : simt::runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_CUDA;
  static constexpr const char* name = "cuda";
};

}  // namespace
}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::gpu::module<nsameta::stand_in>();
}
