/// The host side of a GPU backend, written once over the runtime shim: probing, describing, locating, and the table
/// that the dispatcher holds.
#pragma once

#include "gpu/fill.h"
#include "gpu/services.h"

namespace nsameta::gpu {

template <device_runtime R>
nsameta_status describe(std::int32_t device, nsameta_device_info* info, failure_text* why) {
  *info = {};
  const auto error = ask<R>([&] { return R::describe(device, *info); });
  if (error == R::success) return NSAMETA_OK;
  std::snprintf(why->text, sizeof why->text, "describing device %d failed: %s", device, R::error_text(error));
  return status_of<R>(error);
}

template <device_runtime R>
nsameta_backend_state probe(std::int32_t* device_count, failure_text* why) {
  int count = 0;
  const auto error = ask<R>([&] { return R::device_count(count); });
  *device_count = 0;
  if (error != R::success) {
    std::snprintf(why->text, sizeof why->text, "counting devices failed: %s", R::error_text(error));
    return R::probe_state(error);
  }
  if (count == 0) {
    std::snprintf(why->text, sizeof why->text, "no device");
    return NSAMETA_BACKEND_NO_DEVICE;
  }
  *device_count = count < max_devices ? count : max_devices;
  return NSAMETA_BACKEND_READY;
}

template <device_runtime R>
nsameta_status locate(const void* pointer, memory_place* place, failure_text* why) {
  const auto error = ask<R>([&] { return R::locate(pointer, *place); });
  if (error == R::success) return NSAMETA_OK;
  std::snprintf(why->text, sizeof why->text, "asking where a pointer is failed: %s", R::error_text(error));
  return status_of<R>(error);
}

template <device_runtime R>
const backend_interface& module() {
  static const backend_interface table{
      .interface_version = backend_interface_version,
      .kind = R::kind,
      .name = R::name,
      .version = R::version(),
      .variants = variant_names,
      .probe = probe<R>,
      .describe = describe<R>,
      .locate = locate<R>,
      .warm_up = warm_up<R>,
      .fill = fill<R>,
      .services = services<R>(),
  };
  return table;
}

}  // namespace nsameta::gpu
