/// The GPU kernels, run on the host: what they do on a warp of 32 or 64 can be tested where there is no GPU. A module
/// hands it out through its entry; tests link it in.
#pragma once

#include "../backend.h"

namespace nsameta {

const backend_interface& simt_backend();

}  // namespace nsameta
