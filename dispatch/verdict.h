/// Whether a backend may run a call, before any cost is compared.
#pragma once

#include <string>

#include "select.h"

namespace nsameta {

struct verdict {
  bool eligible;
  nsameta_rejection_code code;
  const backend_record* backend;  ///< null where the target ruled it out unopened
  std::int32_t device;            ///< where it would run
};

/// For a backend that an override names. `wanted_device`: the override's index, -1 for any.
verdict judge_forced(registry& backends, int id, std::int32_t wanted_device, const residency& where);

/// For a backend that competes: one that an explicit target rules out is rejected without being opened.
verdict judge(registry& backends, int id, const selection_request& request, const residency& where);

/// The sentence of a verdict that is not eligible.
std::string why_not(const verdict& rejected, int id, const selection_request& request, const residency& where);

}  // namespace nsameta
