/// Device memory, streams and graphs without a vendor header: for tools, tests and examples that run on whatever
/// device is there. An inference engine keeps its own allocator and streams, and has no need of this file.
#pragma once

#include "nsameta/nsameta.h"

#ifdef __cplusplus
extern "C" {
#endif

/// nsameta_fill on one backend, whatever the override says: for checking backends against each other in one process.
/// `backend` is "name[:index][/variant]". Never staged: the backend must reach the buffers.
NSAMETA_API nsameta_status nsameta_fill_on(const char* backend, const nsameta_problem* problem,
                                           const nsameta_outputs* outputs, const nsameta_target* target);

/// The same for nsameta_fill_many. `decision` gets what was decided, as from nsameta_explain; null: not wanted.
NSAMETA_API nsameta_status nsameta_fill_many_on(const char* backend, const nsameta_problem* problem,
                                                const nsameta_outputs* outputs, int64_t count,
                                                const nsameta_target* target, nsameta_decision* decision);

/// Allocates memory that device `index` of `backend` computes on. Blocking.
NSAMETA_API nsameta_status nsameta_device_allocate(const char* backend, int32_t index, size_t bytes, void** out);
NSAMETA_API nsameta_status nsameta_device_release(const char* backend, int32_t index, void* memory);

/// Copies between any of host memory and the device's memory, after all work of `stream`; done on return.
NSAMETA_API nsameta_status nsameta_device_copy(const char* backend, int32_t index, void* to, const void* from,
                                               size_t bytes, void* stream);

/// Waits for all work of `stream`.
NSAMETA_API nsameta_status nsameta_device_synchronize(const char* backend, int32_t index, void* stream);

NSAMETA_API nsameta_status nsameta_stream_create(const char* backend, int32_t index, void** stream);
NSAMETA_API nsameta_status nsameta_stream_destroy(const char* backend, int32_t index, void* stream);

/// Graph capture: what is issued to `stream` between begin and end is recorded, not run. NSAMETA_UNSUPPORTED on
/// backends without graphs (reference, cpu).
NSAMETA_API nsameta_status nsameta_capture_begin(const char* backend, int32_t index, void* stream);
NSAMETA_API nsameta_status nsameta_capture_end(const char* backend, int32_t index, void* stream, void** graph);
NSAMETA_API nsameta_status nsameta_graph_launch(const char* backend, int32_t index, void* graph, void* stream);
NSAMETA_API nsameta_status nsameta_graph_destroy(const char* backend, int32_t index, void* graph);

#ifdef __cplusplus
}
#endif
