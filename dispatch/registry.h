/// The backends: what each one is, opened and probed once, when somebody first asks.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend.h"
#include "backends.h"

namespace nsameta {

/// Index into all_backends.
enum backend_id : int { id_reference, id_cpu, id_simt, id_cuda, id_hip };

inline constexpr int backend_count = std::size(all_backends);

/// Appends to a list in a message.
inline void append(std::string* list, const char* separator, std::string_view text) {
  if (!list->empty()) list->append(separator);
  list->append(text);
}

/// "reference, cpu, ...", for messages.
std::string list_backend_names();

/// What opening a backend gave: its table, or why there is none.
struct opened_backend {
  const backend_interface* table = nullptr;
  nsameta_backend_state state = NSAMETA_BACKEND_READY;  ///< of the opening alone; the probe comes after
  std::string reason;
};

/// How each backend is opened: a linked-in table, a module, a test's fake.
using backend_openers = std::array<std::function<opened_backend()>, backend_count>;

/// All that selection knows of a backend. Immutable, and as old as the registry.
struct backend_record {
  int id;
  const backend_interface* table = nullptr;  ///< null unless it could be opened
  nsameta_backend_state state = NSAMETA_BACKEND_READY;
  std::string reason;  ///< "" when ready
  std::vector<nsameta_device_info> devices;
  std::vector<std::string> device_errors;  ///< of the same devices: why one could not be described, or ""

  const char* name() const { return all_backends[id].name; }
  nsameta_device_kind kind() const { return all_backends[id].kind; }
  bool ready() const { return state == NSAMETA_BACKEND_READY; }
  bool has_code(std::int32_t device) const {
    const auto index = static_cast<std::size_t>(device);
    return index < devices.size() && devices[index].has_code != 0;
  }
  /// Index into the table's variants, -1 if it has none of that name. Of a backend that could be opened.
  std::int32_t find_variant(std::string_view name) const;
};

class registry {
 public:
  explicit registry(backend_openers openers) : openers_(std::move(openers)) {}
  /// A forked child's: what its parent knew, but for the devices that the parent used. The parent's stays as it is and
  /// lives longer.
  explicit registry(registry& parents);
  registry(const registry&) = delete;
  registry& operator=(const registry&) = delete;

  /// The record of a backend, opened and probed by the first call that wants it. Later calls cost one atomic load.
  const backend_record& at(int id) {
    const backend_record* known = entries_[static_cast<std::size_t>(id)].published.load(std::memory_order_acquire);
    return known != nullptr ? *known : probe(id);
  }

 private:
  struct entry {
    std::atomic<const backend_record*> published{nullptr};
    std::atomic<bool> begun{false};  // somebody has come to open it
    std::mutex mutex;                // one prober at a time; another backend's probe is not held up
    std::unique_ptr<const backend_record> record;
  };

  const backend_record& probe(int id);

  backend_openers openers_;
  std::array<entry, backend_count> entries_;
};

/// The id of a name, -1 if there is none.
int find_backend(const char* name) noexcept;

/// The backend and device that a caller of the C interface names. Fails with NSAMETA_INVALID_ARGUMENT on a name or
/// index that is none, and with NSAMETA_BACKEND_UNAVAILABLE and the reason.
nsameta_status find_device(registry& backends, const char* name, std::int32_t index, const backend_record** found);

/// The openers of this build: reference and cpu linked in, the others modules.
backend_openers built_in_openers();

}  // namespace nsameta
