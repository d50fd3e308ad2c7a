// A module for the loader's tests; the build makes it with another version, name, table or symbol.
#include "backend.h"

namespace {

constexpr nsameta::backend_interface table{
    .interface_version = MODULE_VERSION,
    .kind = NSAMETA_DEVICE_CUDA,
    .name = MODULE_NAME,
    .version = "test",
    .variants = nullptr,
    .probe = nullptr,
    .describe = nullptr,
    .locate = nullptr,
    .warm_up = nullptr,
    .fill = nullptr,
    .services = {},
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* MODULE_ENTRY() {
  return MODULE_HAS_TABLE ? &table : nullptr;
}
