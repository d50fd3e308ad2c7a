#include "registry.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "logging.h"
#include "status.h"

namespace nsameta {
namespace {

void probe_devices(backend_record* record) {
  failure_text why;
  why.text[0] = '\0';
  std::int32_t count = 0;
  record->state = record->table->probe(&count, &why);
  if (!record->ready()) {
    record->reason = why.text;
    return;
  }
  bool any_code = false;
  for (std::int32_t device = 0; device < count; ++device) {
    nsameta_device_info info{};
    const bool described = record->table->describe(device, &info, &why) == NSAMETA_OK;
    if (!described) info = {};  // no code: never chosen
    record->device_errors.push_back(described ? "" : why.text);
    any_code = any_code || info.has_code != 0;
    record->devices.push_back(info);
  }
  if (count == 0) {
    record->state = NSAMETA_BACKEND_NO_DEVICE;
    record->reason = "there is no device";
  } else if (!any_code) {
    record->state = NSAMETA_BACKEND_NO_CODE;
    const auto error = std::ranges::find_if_not(record->device_errors, &std::string::empty);
    record->reason = error != record->device_errors.end()
                         ? *error
                         : std::string("no code for the architecture ") + record->devices.front().architecture;
  }
}

/// `parents`: null if the parent was still opening it.
std::unique_ptr<const backend_record> forked_record(int id, const backend_record* parents) {
  auto record = std::make_unique<backend_record>();
  record->id = id;
  record->table = parents != nullptr ? parents->table : nullptr;
  record->state = NSAMETA_BACKEND_FORKED;
  record->reason =
      "the process was forked after it used this backend, whose devices stayed with the parent; fork before the first "
      "use, or start the child with exec";
  return record;
}

}  // namespace

registry::registry(registry& parents) : openers_(parents.openers_) {
  for (int id = 0; id < backend_count; ++id) {
    const entry& theirs = parents.entries_[static_cast<std::size_t>(id)];
    entry& mine = entries_[static_cast<std::size_t>(id)];
    const backend_record* known = theirs.published.load(std::memory_order_acquire);
    if (known == nullptr && !(all_backends[id].has_driver && theirs.begun.load())) continue;
    if (all_backends[id].has_driver && (known == nullptr || known->ready())) mine.record = forked_record(id, known);
    mine.published.store(mine.record != nullptr ? mine.record.get() : known, std::memory_order_release);
  }
}

const backend_record& registry::probe(int id) {
  entry& slot = entries_[static_cast<std::size_t>(id)];
  const std::lock_guard lock(slot.mutex);
  if (slot.record != nullptr) return *slot.record;
  slot.begun.store(true);
  opened_backend opened = openers_[static_cast<std::size_t>(id)]();
  auto record = std::make_unique<backend_record>();
  record->id = id;
  record->table = opened.table;
  record->state = opened.state;
  record->reason = std::move(opened.reason);
  if (record->table != nullptr) probe_devices(record.get());
  if (log_enabled(log_topic::loader)) {
    const std::string said = record->ready() ? std::to_string(record->devices.size()) + " device(s)" : record->reason;
    log_line((std::string("loader: ") + record->name() + ": " + said).c_str());
  }
  slot.record = std::move(record);
  slot.published.store(slot.record.get(), std::memory_order_release);
  return *slot.record;
}

nsameta_status find_device(registry& backends, const char* name, std::int32_t index, const backend_record** found) {
  if (name == nullptr) return fail(NSAMETA_INVALID_ARGUMENT, "backend is null");
  const int id = find_backend(name);
  if (id < 0) {
    return fail(NSAMETA_INVALID_ARGUMENT, "backend is \"%s\", none of %s", name, list_backend_names().c_str());
  }
  const backend_record& backend = backends.at(id);
  if (!backend.ready()) return fail(NSAMETA_BACKEND_UNAVAILABLE, "%s: %s", name, backend.reason.c_str());
  if (index < 0 || index >= static_cast<std::int64_t>(backend.devices.size())) {
    return fail(NSAMETA_INVALID_ARGUMENT, "index is %d, but %s has %zu device(s)", index, name, backend.devices.size());
  }
  if (const std::string& error = backend.device_errors[static_cast<std::size_t>(index)]; !error.empty()) {
    return fail(NSAMETA_DEVICE_ERROR, "%s: %s", name, error.c_str());
  }
  *found = &backend;
  return NSAMETA_OK;
}

std::int32_t backend_record::find_variant(std::string_view name) const {
  for (std::int32_t i = 0; table->variants[i] != nullptr; ++i)
    if (table->variants[i] == name) return i;
  return -1;
}

int find_backend(const char* name) noexcept {
  for (int id = 0; id < backend_count; ++id) {
    if (std::string_view(all_backends[id].name) == name) return id;
  }
  return -1;
}

std::string list_backend_names() {
  std::string list;
  for (const backend_identity& each : all_backends) append(&list, ", ", each.name);
  return list;
}

}  // namespace nsameta
