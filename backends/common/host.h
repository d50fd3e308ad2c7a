/// The host as a device: what the CPU backends answer when asked for memory, streams and facts.
#pragma once

#include "backend.h"

namespace nsameta {

/// Malloc and memcpy; one stream, the null one; no graphs.
device_services host_services();

/// Every pointer that nobody else claims is host memory.
nsameta_status host_locate(const void* pointer, memory_place*, failure_text*);

nsameta_status describe_host(std::int32_t device, nsameta_device_info*, failure_text*);

/// Exactly one device, always there.
nsameta_backend_state probe_host(std::int32_t* device_count, failure_text*);

/// Host code is loaded with the library.
nsameta_status warm_up_host(std::int32_t device, failure_text*);

}  // namespace nsameta
