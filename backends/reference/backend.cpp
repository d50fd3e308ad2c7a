#include "reference/backend.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "reference/fill.h"

namespace nsameta::reference {
namespace {

constexpr const char* variant_names[] = {"scalar", nullptr};

nsameta_backend_state probe(std::int32_t* device_count, failure_text*) {
  *device_count = 1;
  return NSAMETA_BACKEND_READY;
}

nsameta_status describe(std::int32_t, nsameta_device_info* out, failure_text*) {
  *out = {};
  utsname host{};
  uname(&host);
  std::snprintf(out->name, sizeof out->name, "host processor, one thread");
  std::snprintf(out->architecture, sizeof out->architecture, "%.31s", host.machine);
  out->multiprocessors = 1;
  out->warp_width = 1;
  out->memory_bytes = std::int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  out->has_code = 1;
  return NSAMETA_OK;
}

/// The host cannot tell its own memory from a device's; a GPU backend that knows the pointer says so first.
nsameta_status locate(const void*, memory_place* out, failure_text*) {
  *out = {memory_kind::host, 0};
  return NSAMETA_OK;
}

nsameta_status warm_up(std::int32_t, failure_text*) { return NSAMETA_OK; }

nsameta_status fill_tables(const nsameta_problem& problem, const nsameta_outputs& outputs, const launch_policy&,
                           launch_place, failure_text* failure) try {
  fill(problem, outputs);
  return NSAMETA_OK;
} catch (const std::exception&) {  // bad_alloc, or length_error beyond what a vector can count
  std::snprintf(failure->text, sizeof failure->text, "reference: no memory for the requests of batch_size %lld",
                static_cast<long long>(problem.batch_size));
  return NSAMETA_OUT_OF_MEMORY;
}

nsameta_status allocate(std::int32_t, std::size_t bytes, void** out, failure_text* failure) {
  *out = std::malloc(bytes > 0 ? bytes : 1);
  if (*out != nullptr) return NSAMETA_OK;
  std::snprintf(failure->text, sizeof failure->text, "reference: cannot allocate %zu bytes of host memory", bytes);
  return NSAMETA_OUT_OF_MEMORY;
}

nsameta_status release(std::int32_t, void* memory, failure_text*) {
  std::free(memory);
  return NSAMETA_OK;
}

nsameta_status copy(launch_place, void* to, const void* from, std::size_t bytes, failure_text*) {
  if (bytes > 0) std::memcpy(to, from, bytes);
  return NSAMETA_OK;
}

// A fill is done when it returns, so every stream is the null one and always idle.
nsameta_status synchronize(launch_place, failure_text*) { return NSAMETA_OK; }

nsameta_status is_capturing(launch_place, bool* capturing, failure_text*) {
  *capturing = false;
  return NSAMETA_OK;
}

nsameta_status create_stream(std::int32_t, void** stream, failure_text*) {
  *stream = nullptr;
  return NSAMETA_OK;
}

nsameta_status destroy_stream(launch_place, failure_text*) { return NSAMETA_OK; }

constexpr backend_interface table{
    .interface_version = backend_interface_version,
    .kind = NSAMETA_DEVICE_HOST,
    .name = "reference",
    .version = __VERSION__,  // of the compiler: it stands on nothing else
    .variants = variant_names,
    .probe = probe,
    .describe = describe,
    .locate = locate,
    .warm_up = warm_up,
    .fill = fill_tables,
    .services = {.allocate = allocate,
                 .release = release,
                 .copy = copy,
                 .synchronize = synchronize,
                 .is_capturing = is_capturing,
                 .create_stream = create_stream,
                 .destroy_stream = destroy_stream,
                 .begin_capture = nullptr,
                 .end_capture = nullptr,
                 .launch_graph = nullptr,
                 .destroy_graph = nullptr},
};

}  // namespace
}  // namespace nsameta::reference

namespace nsameta {

const backend_interface& reference_backend() { return reference::table; }

}  // namespace nsameta
