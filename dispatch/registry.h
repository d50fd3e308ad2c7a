/// The backends: what each one is, opened and probed once, when somebody first asks.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "backend.h"
#include "policy.h"

namespace nsameta {

/// In selection order.
enum backend_id : int { id_reference, id_cpu, id_simt, id_cuda, id_hip };
inline constexpr int backend_count = 5;
inline constexpr std::array<const char*, backend_count> backend_names{"reference", "cpu", "simt", "cuda", "hip"};
inline constexpr std::array<nsameta_device_kind, backend_count> backend_kinds{
    NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_HOST, NSAMETA_DEVICE_SIMT, NSAMETA_DEVICE_CUDA, NSAMETA_DEVICE_HIP};

/// What opening a backend gave: its table, or why there is none.
struct opened_backend {
  const backend_interface* table = nullptr;
  nsameta_backend_state state = NSAMETA_BACKEND_READY;  ///< of the opening alone; the probe comes after
  std::string reason;
};

/// How each backend is opened: a linked-in table, a module, a test's fake.
using backend_openers = std::array<std::function<opened_backend()>, backend_count>;

/// A variant that the policy table knows how to run.
struct variant_policy {
  std::int32_t variant;
  const policy_row* row;
};

/// What selection asks of a device.
struct device_capability {
  bool has_code;
  std::int32_t multiprocessors;
};

/// A variant that a forked child cannot run, because of what its parent did with it.
struct lost_variant {
  int backend;
  const char* variant;
  const char* reason;
};

/// All that selection knows of a backend. Immutable, and as old as the registry.
struct backend_record {
  int id;
  const backend_interface* table = nullptr;  ///< null unless it could be opened
  nsameta_backend_state state = NSAMETA_BACKEND_READY;
  std::string reason;  ///< "" when ready
  std::vector<nsameta_device_info> devices;
  std::vector<device_capability> capabilities;  ///< of the same devices, packed: every fill reads them
  std::vector<std::string> troubles;            ///< of the same devices: why one could not be described, or ""
  std::vector<variant_policy> variants;
  std::vector<lost_variant> lost;  ///< no longer among `variants`

  const char* name() const { return backend_names[static_cast<std::size_t>(id)]; }
  nsameta_device_kind kind() const { return backend_kinds[static_cast<std::size_t>(id)]; }
  bool ready() const { return state == NSAMETA_BACKEND_READY; }
  bool has_code(std::int32_t device) const {
    return static_cast<std::size_t>(device) < capabilities.size() &&
           capabilities[static_cast<std::size_t>(device)].has_code;
  }
  /// Null if the variant was not lost; "" names none.
  const lost_variant* lost_as(std::string_view variant) const {
    const auto found = std::ranges::find(lost, variant, &lost_variant::variant);
    return found != lost.end() ? &*found : nullptr;
  }
};

class registry {
 public:
  registry(backend_openers openers, std::span<const policy_row> table) : openers_(std::move(openers)), table_(table) {}
  /// A forked child's: what its parent knew, but for the devices that the parent used and for `lost`. The parent's
  /// stays as it is and lives longer.
  registry(registry& parents, const std::vector<lost_variant>& lost);
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
  std::span<const policy_row> table_;
  std::array<entry, backend_count> entries_;
};

/// The id of a name, -1 if there is none.
int find_backend(const char* name) noexcept;

/// The openers of this build: reference, cpu and simt linked in, cuda and hip modules.
backend_openers built_in_openers();

}  // namespace nsameta
