#include "residency.h"

#include "buffers.h"
#include "status.h"

namespace nsameta {
namespace {

constexpr unsigned bit(int id) { return 1u << id; }

/// Those that work in host memory.
constexpr unsigned host_backends = [] {
  unsigned bits = 0;
  for (int id = 0; id < backend_count; ++id)
    if (!all_backends[id].has_driver) bits |= bit(id);
  return bits;
}();

/// Of the kinds that one backend alone serves: all but the host.
int backend_of(nsameta_device_kind kind) {
  int id = 0;
  while (id + 1 < backend_count && all_backends[id].kind != kind) ++id;
  return id;
}

/// What one GPU backend says about all buffers.
struct survey {
  bool any = false;               ///< there are buffers at all
  std::int32_t device = -1;       ///< of its device memory, or else of pinned or managed memory
  const char* owned = nullptr;    ///< a buffer in device memory
  const char* foreign = nullptr;  ///< a buffer that the device does not reach
};

void note(const memory_place& place, const char* name, survey* seen) {
  seen->any = true;
  if (place.kind == memory_kind::device) {
    if (seen->owned != nullptr && place.device != seen->device) {
      seen->foreign = name;
    } else {
      seen->device = place.device;
      seen->owned = name;
    }
  } else if (place.kind == memory_kind::host_reachable) {
    if (seen->device < 0) seen->device = place.device;
  } else if (seen->foreign == nullptr) {
    seen->foreign = name;
  }
}

nsameta_status ask(const backend_record& backend, const nsameta_problem& problem, const nsameta_outputs& outputs,
                   survey* seen) {
  nsameta_status status = NSAMETA_OK;
  for_each_buffer(problem, outputs, [&](const buffer& shown, const auto& data) {
    memory_place place{memory_kind::unknown, 0};
    failure_text why;
    why.text[0] = '\0';
    if (status != NSAMETA_OK) return;
    status = backend.table->locate(data, &place, &why);
    if (status != NSAMETA_OK) {
      fail(status, "%s cannot tell where %s is: %s", backend.name(), shown.name, why.text);
    } else {
      note(place, shown.name, seen);
    }
  });
  return status;
}

nsameta_status ask_all(registry& backends, const nsameta_problem& problem, const nsameta_outputs& outputs, void* stream,
                       residency* found) {
  found->direct = host_backends;
  for (int id = 0; id < backend_count; ++id) {
    if (!all_backends[id].has_driver) continue;
    const backend_record& backend = backends.at(id);
    if (!backend.ready()) continue;
    survey seen;
    if (const nsameta_status status = ask(backend, problem, outputs, &seen); status != NSAMETA_OK) return status;
    found->unreached[static_cast<std::size_t>(id)] = seen.foreign;
    if (seen.any && seen.foreign == nullptr) found->direct |= bit(id);
    // Memory that both sides reach belongs to the stream's device when there is a stream: only that keeps its order.
    const bool ordered = stream != nullptr && seen.any && seen.foreign == nullptr;
    if (seen.owned == nullptr && !ordered) continue;
    found->owner = found->owner == host_owner ? id : no_owner;
    found->device[static_cast<std::size_t>(id)] = seen.device < 0 ? 0 : seen.device;
    found->direct &= ~host_backends;
    for (int host = 0; host < backend_count; ++host)
      if (!all_backends[host].has_driver) found->unreached[static_cast<std::size_t>(host)] = seen.owned;
  }
  return NSAMETA_OK;
}

/// What a target that is not NSAMETA_DEVICE_AUTO says, taken at its word.
residency residency_of_target(const nsameta_target& target) {
  residency told;
  if (target.kind == NSAMETA_DEVICE_HOST) {
    told.direct = host_backends;
    return told;
  }
  const int id = backend_of(target.kind);
  told.direct = bit(id);
  told.owner = id;
  told.device[static_cast<std::size_t>(id)] = target.index;
  return told;
}

}  // namespace

nsameta_status check_device(registry& backends, const nsameta_target& target) {
  if (target.kind == NSAMETA_DEVICE_AUTO || target.kind == NSAMETA_DEVICE_HOST) return NSAMETA_OK;
  const backend_record& backend = backends.at(backend_of(target.kind));
  if (!backend.ready() || target.index < static_cast<std::int64_t>(backend.devices.size())) [[likely]]
    return NSAMETA_OK;
  return fail(NSAMETA_INVALID_ARGUMENT, "target.index is %d, but %s has %zu device(s)", target.index, backend.name(),
              backend.devices.size());
}

nsameta_status find_residency(registry& backends, const nsameta_problem& problem, const nsameta_outputs& outputs,
                              const nsameta_target& target, residency* found) {
  if (target.kind != NSAMETA_DEVICE_AUTO) {
    *found = residency_of_target(target);
    return check_device(backends, target);
  }
  return ask_all(backends, problem, outputs, target.stream, found);
}

}  // namespace nsameta
