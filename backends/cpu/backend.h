/// The CPU backend: oneTBB for large batches, one thread for the others.
#pragma once

#include "../backend.h"

namespace nsameta {

const backend_interface& cpu_backend();

}  // namespace nsameta
