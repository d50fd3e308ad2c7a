#include "dispatcher.h"
#include "status.h"
#include "validation.h"

namespace nsameta {
namespace {

nsameta_status warm_up_device(const backend_record& backend, std::int32_t device) {
  failure_text why{};
  const nsameta_status status = backend.table->warm_up(device, &why);
  if (status == NSAMETA_OK) return NSAMETA_OK;
  return fail(status, "warming up %s device %d: %s", backend.name(), device, why.text);
}

/// One device, or all that there is code for when `device` is -1.
nsameta_status warm_up_backend(const backend_record& backend, std::int32_t device) {
  const auto count = static_cast<std::int32_t>(backend.devices.size());
  for (std::int32_t each = device < 0 ? 0 : device; each < (device < 0 ? count : device + 1); ++each) {
    if (device < 0 && backend.devices[static_cast<std::size_t>(each)].has_code == 0) continue;
    if (auto status = warm_up_device(backend, each); status != NSAMETA_OK) return status;
  }
  return NSAMETA_OK;
}

}  // namespace

nsameta_status dispatcher::warm_up_list(const override_list& forced, const nsameta_target& target) {
  std::string reasons;
  bool any = false;
  for (const override_entry& entry : forced.entries) {
    const backend_record& backend = backends_.at(entry.backend);
    const lost_variant* lost = backend.lost_as(entry.variant);
    if (!backend.ready() || lost != nullptr) {
      // The override names it already when it is the only one.
      if (forced.entries.size() > 1) reasons += (reasons.empty() ? "" : "; ") + std::string(backend.name()) + ": ";
      reasons += lost != nullptr ? lost->reason : backend.reason;
      continue;
    }
    const std::int32_t targeted = backend.kind() == target.kind ? target.index : -1;
    const std::int32_t device = entry.device >= 0 ? entry.device : targeted;
    if (auto status = warm_up_backend(backend, device); status != NSAMETA_OK) return status;
    any = true;
  }
  if (any) return NSAMETA_OK;
  return fail(NSAMETA_BACKEND_UNAVAILABLE, "override \"%s\": %s", forced.text.c_str(), reasons.c_str());
}

nsameta_status dispatcher::warm_up_target(const nsameta_target& target) {
  const bool all = target.kind == NSAMETA_DEVICE_AUTO;
  for (int id = 0; id < backend_count; ++id) {
    if (!all && backend_kinds[static_cast<std::size_t>(id)] != target.kind) continue;
    const backend_record& backend = backends_.at(id);
    if (!backend.ready()) {
      if (all) continue;
      return fail(NSAMETA_BACKEND_UNAVAILABLE, "%s: %s", backend.name(), backend.reason.c_str());
    }
    if (auto status = warm_up_backend(backend, all ? -1 : target.index); status != NSAMETA_OK) return status;
    if (!all) continue;
    for (std::int32_t each = 0; each < static_cast<std::int32_t>(backend.devices.size()); ++each)
      contenders_.prepare({backend.kind(), each, nullptr, 0});
  }
  if (!all) contenders_.prepare(target);
  return NSAMETA_OK;
}

nsameta_status dispatcher::warm_up(const nsameta_target* target) {
  if (auto status = validate_target(target); status != NSAMETA_OK) return status;
  const override_list& forced = setting_.freeze(backends_);
  if (!forced.error.empty()) return fail(NSAMETA_INVALID_OVERRIDE, "%s", forced.error.c_str());
  // An index that the target's kind does not have is the caller's mistake, whatever is forced.
  if (auto status = check_device(backends_, *target); status != NSAMETA_OK) return status;
  return forced.entries.empty() ? warm_up_target(*target) : warm_up_list(forced, *target);
}

}  // namespace nsameta
