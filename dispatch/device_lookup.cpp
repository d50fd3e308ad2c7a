#include "device_lookup.h"

#include "status.h"

namespace nsameta {

nsameta_status find_device(registry& backends, const char* name, std::int32_t index, const backend_record** found) {
  if (name == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "backend is null");
  const int id = find_backend(name);
  if (id < 0) {
    return fail(NSAMETA_INVALID_ARGUMENT, "backend is \"%s\", none of reference, cpu, simt, cuda, hip", name);
  }
  const backend_record& backend = backends.at(id);
  if (!backend.ready()) return fail(NSAMETA_BACKEND_UNAVAILABLE, "%s: %s", name, backend.reason.c_str());
  if (index < 0 || index >= static_cast<std::int64_t>(backend.devices.size())) {
    return fail(NSAMETA_INVALID_ARGUMENT, "index is %d, but %s has %zu device(s)", index, name, backend.devices.size());
  }
  if (const std::string& trouble = backend.troubles[static_cast<std::size_t>(index)]; !trouble.empty()) {
    return fail(NSAMETA_DEVICE_ERROR, "%s: %s", name, trouble.c_str());
  }
  *found = &backend;
  return NSAMETA_OK;
}

}  // namespace nsameta
