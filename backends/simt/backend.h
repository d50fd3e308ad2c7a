/// The GPU kernels, run on the host: what they do on a warp of 32 or 64 can be tested where there is no GPU.
#pragma once

#include "../backend.h"

namespace nsameta {

/// Linked in; static lifetime.
const backend_interface& simt_backend();

}  // namespace nsameta
