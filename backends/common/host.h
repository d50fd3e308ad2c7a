/// The host as a device: what the CPU backends answer when asked for memory, streams and facts.
#pragma once

#include "backend.h"

namespace nsameta {

/// The table of a CPU backend, which differs from others in its code alone: one device that is always there, every
/// pointer host memory, malloc and memcpy, the null stream and no graphs.
backend_interface host_backend(const char* name, const char* version, const char* const* variants,
                               decltype(backend_interface::fill) fill);

}  // namespace nsameta
