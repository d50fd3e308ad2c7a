/// Selection: a pure function of what the backends can do, the problem's size, where its buffers are, and the override.
#pragma once

#include "decision.h"
#include "override.h"
#include "residency.h"

namespace nsameta {

struct selection_request {
  nsameta_target target;
  std::int64_t batch_size;
  std::int64_t row_bound;
};

struct selection {
  const backend_record* backend = nullptr;
  const policy_row* row = nullptr;
  launch_policy policy{};
  launch_place place{};
  bool staged = false;
  double expected = 0;  ///< nanoseconds, without the copies of a staged run
};

/// Chooses, or fails with the sentence why nothing can run: NSAMETA_INVALID_OVERRIDE or NSAMETA_BACKEND_UNAVAILABLE.
/// `recorder` may be null.
nsameta_status select(registry& backends, const override_list& forced, const selection_request& request,
                      const residency& where, selection* chosen, decision_recorder* recorder);

}  // namespace nsameta
