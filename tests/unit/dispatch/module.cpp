// A module for the loader's tests; the build makes it with another version, name, table or symbol.
#include <cstdio>

#include "backend.h"

extern "C" bool nsameta_is_nowhere();

namespace {

nsameta_backend_state probe(std::int32_t* device_count, nsameta::failure_text* why) {
  *device_count = 0;
  std::snprintf(why->text, sizeof why->text, "the test module has no driver");
  return NSAMETA_BACKEND_NO_DRIVER;
}

constexpr const char* no_variants[] = {nullptr};

constexpr nsameta::backend_interface table{
    .interface_version = MODULE_VERSION,
    .kind = NSAMETA_DEVICE_CUDA,
    .name = MODULE_NAME,
    .version = "test",
    .variants = no_variants,
    .probe = probe,
    .describe = nullptr,
    .locate = nullptr,
    .warm_up = nullptr,
    .fill = nullptr,
    .services = {},
};

}  // namespace

extern "C" __attribute__((visibility("default"))) const nsameta::backend_interface* MODULE_ENTRY() {
#if MODULE_THROWS
  throw MODULE_NAME;
#endif
  return MODULE_HAS_TABLE ? &table : nullptr;
}
