/// Selection: a pure function of what the backends can do, where the buffers are, the target and the override. The
/// first backend in order of preference that can run and reaches every buffer is taken; batch sizes decide inside a
/// backend.
#pragma once

#include "decision.h"
#include "override.h"
#include "residency.h"

namespace nsameta {

/// Backends that are chosen without being asked for, the preferred first: GPUs, in whose memory an engine's buffers
/// are, then the CPU. `reference` and `simt` are there for tests.
inline constexpr std::array preferred_backends{id_cuda, id_hip, id_cpu};

struct selection {
  const backend_record* backend = nullptr;
  launch_policy policy{};
  launch_place place{};
  bool staged = false;

  const char* variant() const { return backend->table->variants[policy.variant]; }
};

/// Chooses, or fails with the reason why nothing can run: NSAMETA_INVALID_OVERRIDE or NSAMETA_BACKEND_UNAVAILABLE.
/// `row_bound`: of the call. `recorder` may be null.
nsameta_status select(registry& backends, const override_list& forced, const nsameta_target& target,
                      const residency& where, std::int64_t row_bound, selection* chosen, decision_recorder* recorder);

/// Why a variant cannot run in this process, null if it can: what a fork left behind.
const char* why_disabled(const backend_record& backend, std::string_view variant);

}  // namespace nsameta
