/// The oracle: every rule computed from its definition, row by row, on one thread. What another backend writes is right
/// when it equals what this one writes.
#pragma once

#include "../backend.h"

namespace nsameta {

/// Linked in; static lifetime.
const backend_interface& reference_backend();

}  // namespace nsameta
