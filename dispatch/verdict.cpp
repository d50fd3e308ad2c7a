#include "verdict.h"

namespace nsameta {
namespace {

std::string no_code(const backend_record& backend, std::int32_t device) {
  const auto index = static_cast<std::size_t>(device);
  const std::string where = "device " + std::to_string(device);
  if (index >= backend.devices.size()) return "it has no " + where;
  if (!backend.device_errors[index].empty()) return backend.device_errors[index];
  return "it has no code for " + where + ", " + backend.devices[index].architecture;
}

const char* kind_name(nsameta_device_kind kind) {
  constexpr const char* names[] = {"auto", "host", "cuda", "hip", "simt"};
  return names[kind];
}

}  // namespace

std::string why_not(const verdict& rejected, int id, const nsameta_target& target, const residency& where) {
  if (rejected.code == NSAMETA_REJECTED_WRONG_TARGET) return std::string("the target is ") + kind_name(target.kind);
  if (rejected.lost != nullptr) return rejected.lost->reason;
  const backend_record& backend = *rejected.backend;
  if (rejected.code == NSAMETA_REJECTED_UNAVAILABLE) {
    return backend.ready() ? no_code(backend, rejected.device) : backend.reason;
  }
  if (const char* buffer = where.unreached[static_cast<std::size_t>(id)]) {
    return std::string("its device does not reach ") + buffer;
  }
  if (target.kind != NSAMETA_DEVICE_AUTO) return std::string("it does not reach ") + kind_name(target.kind) + " memory";
  if (where.owner == id) {
    return "the buffers are with device " + std::to_string(where.device[static_cast<std::size_t>(id)]);
  }
  if (where.owner >= 0) return "it does not keep the order of the target's stream";
  return "no buffer is in its memory";
}

}  // namespace nsameta
