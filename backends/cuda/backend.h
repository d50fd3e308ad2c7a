/// The CUDA backend. A module hands it out through its entry; a static build links it in.
#pragma once

#include "../backend.h"

namespace nsameta {

const backend_interface& cuda_backend();

}  // namespace nsameta
