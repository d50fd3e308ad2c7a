#include <string_view>

#include "device_lookup.h"
#include "guard.h"
#include "process.h"

using namespace nsameta;

nsameta_status nsameta_fill(const nsameta_problem* problem, const nsameta_outputs* outputs,
                            const nsameta_target* target) {
  return guarded([=] { return process_dispatcher().fill(problem, outputs, target); });
}

nsameta_status nsameta_fill_many(const nsameta_problem* problem, const nsameta_outputs* outputs, int64_t count,
                                 const nsameta_target* target) {
  return guarded([=] { return process_dispatcher().fill_many(problem, outputs, count, target); });
}

nsameta_status nsameta_explain(const nsameta_problem* problem, const nsameta_outputs* outputs,
                               const nsameta_target* target, nsameta_decision* decision) {
  return guarded([=] { return process_dispatcher().explain(problem, outputs, target, decision); });
}

nsameta_status nsameta_warmup(const nsameta_target* target) {
  return guarded([=] { return process_dispatcher().warm_up(target); });
}

nsameta_status nsameta_workspace_size(const nsameta_problem* problem, const nsameta_target* target, size_t* bytes) {
  return guarded([=] { return process_dispatcher().workspace_size(problem, target, bytes); });
}

nsameta_status nsameta_set_override(const char* text) {
  return guarded([=] { return process_override().set(text); });
}

size_t nsameta_backends(nsameta_backend_info* out, size_t capacity) {
  const nsameta_status status = guarded([=] {
    for (std::size_t i = 0; out != nullptr && i < capacity && i < backend_count; ++i) {
      const backend_record& backend = process_registry().at(static_cast<int>(i));
      out[i] = {backend.name(), backend.table != nullptr ? backend.table->version : "", backend.state,
                backend.reason.c_str(), static_cast<std::int32_t>(backend.devices.size())};
    }
    return NSAMETA_OK;
  });
  return status == NSAMETA_OK ? backend_count : 0;
}

nsameta_status nsameta_device(const char* backend, int32_t index, nsameta_device_info* out) {
  return guarded([=] {
    if (out == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "out is null");
    const backend_record* record = nullptr;
    if (auto status = find_device(process_registry(), backend, index, &record); status != NSAMETA_OK) return status;
    *out = record->devices[static_cast<std::size_t>(index)];
    return NSAMETA_OK;
  });
}
