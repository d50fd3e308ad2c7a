/// Whether a backend may run a call, before any cost is compared.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "override.h"
#include "residency.h"

namespace nsameta {

struct verdict {
  bool eligible;
  nsameta_rejection_code code;
  const backend_record* backend;       ///< null where the target ruled it out unopened
  std::int32_t device;                 ///< where it would run
  const lost_variant* lost = nullptr;  ///< the variant that was asked for, if that is what is unavailable
};

/// `wanted_device`: -1 for any. `variant`: "" for any.
inline verdict judge(registry& backends, int id, std::int32_t wanted_device, std::string_view variant,
                     const residency& where) {
  const backend_record& backend = backends.at(id);
  const std::int32_t found = where.device[static_cast<std::size_t>(id)];
  const std::int32_t device = std::max(0, wanted_device >= 0 ? wanted_device : found);
  if (const lost_variant* lost = backend.lost_as(variant))
    return {false, NSAMETA_REJECTED_UNAVAILABLE, &backend, device, lost};
  if (!backend.ready() || !backend.has_code(device)) return {false, NSAMETA_REJECTED_UNAVAILABLE, &backend, device};
  const bool reaches = where.reaches(id) && (found < 0 || found == device);
  return {reaches, NSAMETA_REJECTED_UNREACHABLE, &backend, device};
}

/// For a backend that an override names.
inline verdict judge_forced(registry& backends, const override_entry& entry, const residency& where) {
  return judge(backends, entry.backend, entry.device, entry.variant, where);
}

/// For a backend that competes: one that an explicit target rules out is rejected without being opened.
inline verdict judge(registry& backends, int id, const nsameta_target& target, const residency& where) {
  if (target.kind != NSAMETA_DEVICE_AUTO && !where.reaches(id)) {
    return {false, NSAMETA_REJECTED_WRONG_TARGET, nullptr, 0};
  }
  return judge(backends, id, -1, "", where);
}

/// The sentence of a verdict that is not eligible.
std::string why_not(const verdict& rejected, int id, const nsameta_target& target, const residency& where);

}  // namespace nsameta
