/// The host side of a GPU backend, written once over the runtime shim: probing, describing, locating, and the table that
/// the dispatcher holds.
#pragma once

#include "gpu/launch.h"
#include "gpu/services.h"

namespace nsameta::gpu {

template <device_runtime R>
nsameta_status describe(std::int32_t device, nsameta_device_info* info, failure_text* why) {
  const call_scope<R> scope(device);
  if (scope.entered() != R::success) return scope.check(scope.entered(), "making the device current", why);
  *info = {};
  if (const nsameta_status status = scope.check(R::describe(device, *info), "describing a device", why);
      status != NSAMETA_OK)
    return status;
  // A missing image is a fact to report, not a failure of this call.
  failure_text unused;
  info->has_code = scope.check(R::has_code(), "looking for code", &unused) == NSAMETA_OK;
  return NSAMETA_OK;
}

template <device_runtime R>
nsameta_backend_state probe(std::int32_t* device_count, failure_text* why) {
  int count = 0;
  const auto pending = R::pending_error();
  const auto error = R::device_count(count);
  if (error != R::success && pending == R::success) (void)R::clear_error();
  *device_count = 0;
  if (error != R::success) {
    std::snprintf(why->text, sizeof why->text, "%s: counting devices failed: %s", R::name, R::error_text(error));
    return R::probe_state(error);
  }
  if (count == 0) {
    std::snprintf(why->text, sizeof why->text, "%s: no device", R::name);
    return NSAMETA_BACKEND_NO_DEVICE;
  }
  count = count < max_devices ? count : max_devices;
  for (std::int32_t device = 0; device < count; ++device) {
    nsameta_device_info info;
    if (describe<R>(device, &info, why) == NSAMETA_OK && info.has_code) {
      *device_count = count;
      return NSAMETA_BACKEND_READY;
    }
    std::snprintf(why->text, sizeof why->text, "%s: no code for device %d, %.200s (%s)", R::name, device, info.name,
                  info.architecture);
  }
  return NSAMETA_BACKEND_NO_CODE;
}

template <device_runtime R>
nsameta_status locate(const void* pointer, memory_place* place, failure_text* why) {
  const auto pending = R::pending_error();
  const auto error = R::locate(pointer, *place);
  if (error == R::success) return NSAMETA_OK;
  if (pending == R::success) (void)R::clear_error();
  std::snprintf(why->text, sizeof why->text, "%s: asking where a pointer is failed: %s", R::name, R::error_text(error));
  return NSAMETA_DEVICE_ERROR;
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
