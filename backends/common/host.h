/// The host as a device: what the CPU backends answer when asked for memory, streams and facts.
#pragma once

#include "backend.h"

namespace nsameta {

/// One device that is always there, every pointer host memory, malloc and memcpy, the null stream and no graphs.
namespace host {

nsameta_backend_state probe(std::int32_t* device_count, failure_text*);
nsameta_status describe(std::int32_t, nsameta_device_info*, failure_text*);
nsameta_status locate(const void*, memory_place*, failure_text*);
nsameta_status warm_up(std::int32_t, failure_text*);
nsameta_status allocate(std::int32_t, std::size_t bytes, void** out, failure_text*);
nsameta_status release(std::int32_t, void* memory, failure_text*);
nsameta_status copy(launch_place, void* to, const void* from, std::size_t bytes, failure_text*);
nsameta_status synchronize(launch_place, failure_text*);
nsameta_status is_capturing(launch_place, bool* capturing, failure_text*);
nsameta_status create_stream(std::int32_t, void** stream, failure_text*);
nsameta_status destroy_stream(launch_place, failure_text*);

}  // namespace host

/// The table of a CPU backend, which differs from others in its code alone. A constant, so that nobody makes it: a
/// child forked while another thread does would wait for ever.
constexpr backend_interface host_backend(const char* name, const char* version, const char* const* variants,
                                         decltype(backend_interface::fill) fill) {
  return {
      .interface_version = backend_interface_version,
      .kind = NSAMETA_DEVICE_HOST,
      .name = name,
      .version = version,
      .variants = variants,
      .probe = host::probe,
      .describe = host::describe,
      .locate = host::locate,
      .warm_up = host::warm_up,
      .fill = fill,
      .services = {.allocate = host::allocate,
                   .release = host::release,
                   .copy = host::copy,
                   .synchronize = host::synchronize,
                   .is_capturing = host::is_capturing,
                   .create_stream = host::create_stream,
                   .destroy_stream = host::destroy_stream,
                   .begin_capture = nullptr,
                   .end_capture = nullptr,
                   .launch_graph = nullptr,
                   .destroy_graph = nullptr},
  };
}

}  // namespace nsameta
