/// The host as a device: what the CPU backends answer when asked for memory, streams and facts.
#pragma once

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "backend.h"

namespace nsameta {

/// The table of a CPU backend, which differs from others in its code alone. One device that is always there, every
/// pointer host memory, malloc and memcpy, no graphs. A fill is done when it returns: every stream is the null one, and
/// always idle. A constant, so that nobody makes it: a child forked while another thread does would wait for ever.
constexpr backend_interface host_backend(const char* name, const char* version, const char* const* variants,
                                         decltype(backend_interface::fill) fill) {
  return {
      .interface_version = backend_interface_version,
      .kind = NSAMETA_DEVICE_HOST,
      .name = name,
      .version = version,
      .variants = variants,
      .probe =
          [](std::int32_t* device_count, failure_text*) {
            *device_count = 1;
            return NSAMETA_BACKEND_READY;
          },
      .describe =
          [](std::int32_t, nsameta_device_info* info, failure_text*) {
            *info = {};
            utsname host{};
            uname(&host);
            std::snprintf(info->name, sizeof info->name, "host CPU");
            std::snprintf(info->architecture, sizeof info->architecture, "%.31s", host.machine);
            info->multiprocessors = static_cast<std::int32_t>(std::thread::hardware_concurrency());
            info->warp_width = 1;
            info->memory_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
            info->has_code = 1;
            return NSAMETA_OK;
          },
      .locate =
          [](const void*, memory_place* place, failure_text*) {
            *place = {memory_kind::host, 0};
            return NSAMETA_OK;
          },
      .warm_up = [](std::int32_t, failure_text*) { return NSAMETA_OK; },  // the code is loaded with the library
      .fill = fill,
      .services = {.allocate =
                       [](std::int32_t, std::size_t bytes, void** out, failure_text* why) {
                         *out = std::malloc(bytes > 0 ? bytes : 1);
                         if (*out != nullptr) return NSAMETA_OK;
                         std::snprintf(why->text, sizeof why->text, "allocating %zu bytes of host memory failed",
                                       bytes);
                         return NSAMETA_OUT_OF_MEMORY;
                       },
                   .release =
                       [](std::int32_t, void* memory, failure_text*) {
                         std::free(memory);
                         return NSAMETA_OK;
                       },
                   .copy =
                       [](launch_place, void* to, const void* from, std::size_t bytes, failure_text*) {
                         if (bytes > 0) std::memcpy(to, from, bytes);
                         return NSAMETA_OK;
                       },
                   .synchronize = [](launch_place, failure_text*) { return NSAMETA_OK; },
                   .is_capturing =
                       [](launch_place, bool* capturing, failure_text*) {
                         *capturing = false;
                         return NSAMETA_OK;
                       },
                   .create_stream =
                       [](std::int32_t, void** stream, failure_text*) {
                         *stream = nullptr;
                         return NSAMETA_OK;
                       },
                   .destroy_stream = [](launch_place, failure_text*) { return NSAMETA_OK; },
                   .begin_capture = nullptr,
                   .end_capture = nullptr,
                   .launch_graph = nullptr,
                   .destroy_graph = nullptr},
  };
}

}  // namespace nsameta
