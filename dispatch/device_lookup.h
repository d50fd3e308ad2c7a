/// A backend and device as the caller of the C interface names them.
#pragma once

#include "registry.h"

namespace nsameta {

/// Fails with NSAMETA_INVALID_ARGUMENT on a name or index that is none, NSAMETA_BACKEND_UNAVAILABLE with the reason.
nsameta_status find_device(registry& backends, const char* name, std::int32_t index, const backend_record** found);

}  // namespace nsameta
