/// Where the buffers of a call are, and so which backends can work on them.
#pragma once

#include <array>

#include "registry.h"

namespace nsameta {

/// Owner of the buffers when no backend needs to copy them to the host: any code can.
inline constexpr int host_owner = -1;
/// Buffers in the device memory of two vendors: nobody can copy them all.
inline constexpr int no_owner = -2;

struct residency {
  unsigned direct = 0;     ///< bit i: backend i reaches every buffer
  int owner = host_owner;  ///< the backend whose memory holds buffers, and whose stream the target's is
  std::array<std::int32_t, backend_count> device;      ///< where backend i reaches them; -1: anywhere
  std::array<const char*, backend_count> unreached{};  ///< a buffer that backend i does not reach; null: not asked

  residency() { device.fill(-1); }
  bool reaches(int id) const { return ((direct >> id) & 1u) != 0; }
};

/// Fails when an explicit target's index is none of its kind's devices. A kind that is not ready is told by selection.
nsameta_status check_device(registry& backends, const nsameta_target& target);

/// An explicit target is believed and nothing is queried. With NSAMETA_DEVICE_AUTO the ready GPU backends are asked for
/// every buffer. Arguments are validated ones.
nsameta_status find_residency(registry& backends, const nsameta_problem& problem, const nsameta_outputs& outputs,
                              const nsameta_target& target, residency* found);

}  // namespace nsameta
