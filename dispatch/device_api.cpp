#include "nsameta/device.h"

#include "device_lookup.h"
#include "guard.h"
#include "process.h"

namespace nsameta {
namespace {

/// Calls one service of a backend with `arguments` and a place for its sentence.
template <class... Parameters, class... Arguments>
nsameta_status serve(const char* backend, std::int32_t index,
                     nsameta_status (*device_services::*service)(Parameters...), Arguments... arguments) noexcept {
  return guarded([&] {
    const backend_record* record = nullptr;
    if (auto status = find_device(process_registry(), backend, index, &record); status != NSAMETA_OK) return status;
    const auto call = record->table->services.*service;
    if (call == nullptr) return fail(NSAMETA_UNSUPPORTED, "%s has no streams and graphs", record->name());
    failure_text why{};
    const nsameta_status status = call(arguments..., &why);
    return status == NSAMETA_OK ? status : fail(status, "%s device %d: %s", record->name(), index, why.text);
  });
}

nsameta_status refuse_null(const char* argument) noexcept {
  return fail(NSAMETA_INVALID_ARGUMENT, "%s is null", argument);
}

}  // namespace
}  // namespace nsameta

using namespace nsameta;

nsameta_status nsameta_fill_on(const char* backend, const nsameta_problem* problem, const nsameta_outputs* outputs,
                               const nsameta_target* target) {
  return guarded([=] { return process_dispatcher().fill_on(backend, problem, outputs, target); });
}

nsameta_status nsameta_device_allocate(const char* backend, int32_t index, size_t bytes, void** out) {
  if (out == nullptr) return refuse_null("out");
  return serve(backend, index, &device_services::allocate, index, bytes, out);
}

nsameta_status nsameta_device_release(const char* backend, int32_t index, void* memory) {
  return serve(backend, index, &device_services::release, index, memory);
}

nsameta_status nsameta_device_copy(const char* backend, int32_t index, void* to, const void* from, size_t bytes,
                                   void* stream) {
  if (bytes != 0 && to == nullptr) return refuse_null("to");
  if (bytes != 0 && from == nullptr) return refuse_null("from");
  return serve(backend, index, &device_services::copy, launch_place{index, stream}, to, from, bytes);
}

nsameta_status nsameta_device_synchronize(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::synchronize, launch_place{index, stream});
}

nsameta_status nsameta_stream_create(const char* backend, int32_t index, void** stream) {
  if (stream == nullptr) return refuse_null("stream");
  return serve(backend, index, &device_services::create_stream, index, stream);
}

nsameta_status nsameta_stream_destroy(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::destroy_stream, launch_place{index, stream});
}

nsameta_status nsameta_capture_begin(const char* backend, int32_t index, void* stream) {
  return serve(backend, index, &device_services::begin_capture, launch_place{index, stream});
}

nsameta_status nsameta_capture_end(const char* backend, int32_t index, void* stream, void** graph) {
  if (graph == nullptr) return refuse_null("graph");
  return serve(backend, index, &device_services::end_capture, launch_place{index, stream}, graph);
}

nsameta_status nsameta_graph_launch(const char* backend, int32_t index, void* graph, void* stream) {
  return serve(backend, index, &device_services::launch_graph, launch_place{index, stream}, graph);
}

nsameta_status nsameta_graph_destroy(const char* backend, int32_t index, void* graph) {
  return serve(backend, index, &device_services::destroy_graph, index, graph);
}
