/// Selection: a pure function of what the backends can do, the problem's size, where its buffers are, and the override.
#pragma once

#include "decision.h"
#include "override.h"
#include "residency.h"

namespace nsameta {

struct selection_request {
  nsameta_target target;
  call_size size;
};

struct selection {
  const backend_record* backend = nullptr;
  const policy_row* row = nullptr;
  launch_policy policy{};
  launch_place place{};
  bool staged = false;
  double expected = 0;  ///< nanoseconds, without the copies of a staged run
};

/// How a variant runs on a device; the row bound is the call's, and 0 here.
launch_policy policy_of(const backend_record& backend, const variant_policy& variant, std::int32_t device) noexcept;

/// Chooses, or fails with the sentence why nothing can run: NSAMETA_INVALID_OVERRIDE or NSAMETA_BACKEND_UNAVAILABLE.
/// `recorder` may be null.
nsameta_status select(registry& backends, const override_list& forced, const selection_request& request,
                      const residency& where, selection* chosen, decision_recorder* recorder);

}  // namespace nsameta
