/// A backend module without a device behind it: it allocates host memory, accepts every problem and computes nothing,
/// so that the tests can see a mismatch reported.
#include <cstdlib>
#include <cstring>

#include "backend.h"

namespace nsameta {
namespace {

nsameta_backend_state probe(std::int32_t* count, failure_text*) {
  *count = 1;
  return NSAMETA_BACKEND_READY;
}

nsameta_status describe(std::int32_t, nsameta_device_info* info, failure_text*) {
  *info = {};
  std::strcpy(info->name, "idle");
  info->warp_width = 32;
  info->has_code = 1;
  return NSAMETA_OK;
}

nsameta_status locate(const void*, memory_place* place, failure_text*) {
  *place = {memory_kind::host_reachable, 0};
  return NSAMETA_OK;
}

nsameta_status warm_up(std::int32_t, failure_text*) { return NSAMETA_OK; }

nsameta_status fill(const nsameta_problem&, const nsameta_outputs*, std::int64_t, const launch_policy&, launch_place,
                    failure_text*) {
  return NSAMETA_OK;
}

nsameta_status allocate(std::int32_t, std::size_t bytes, void** out, failure_text*) {
  *out = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  return *out != nullptr ? NSAMETA_OK : NSAMETA_OUT_OF_MEMORY;
}

nsameta_status release(std::int32_t, void* memory, failure_text*) {
  std::free(memory);
  return NSAMETA_OK;
}

nsameta_status copy(launch_place, void* to, const void* from, std::size_t bytes, failure_text*) {
  std::memcpy(to, from, bytes);
  return NSAMETA_OK;
}

nsameta_status synchronize(launch_place, failure_text*) { return NSAMETA_OK; }

nsameta_status is_capturing(launch_place, bool* capturing, failure_text*) {
  *capturing = false;
  return NSAMETA_OK;
}

constexpr const char* variants[] = {"block256", "block512", nullptr};

constexpr backend_interface table{
    backend_interface_version,
    NSAMETA_DEVICE_CUDA,
    "cuda",
    "0",
    variants,
    probe,
    describe,
    locate,
    warm_up,
    fill,
    {allocate, release, copy, synchronize, is_capturing, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr}};

}  // namespace
}  // namespace nsameta

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* nsameta_backend_entry_v1() {
  return &nsameta::table;
}
