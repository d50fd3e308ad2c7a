/// What every backend is to the dispatcher: one table of functions, the same for the linked-in backends and for the
/// modules opened at run time. Plain data and function pointers only, because the two sides of a module boundary may
/// come from different compilers. Nothing is thrown across it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nsameta/nsameta.h"

namespace nsameta {

/// Raised with every released change of the structures below, and with it the entry symbol's name: a module of another
/// version is not even found to have an entry.
inline constexpr std::uint32_t backend_interface_version = 1;

/// Where a backend writes the sentence of a failure. The dispatcher owns it.
struct failure_text {
  char text[320];
};

/// How a fill is to run: decided by selection, obeyed by the backend.
struct launch_policy {
  std::int32_t variant;    ///< index into the backend's `variants`
  std::int64_t row_bound;  ///< how many rows to expect, as far as the host knows; more may come
};

struct launch_place {
  std::int32_t device;
  void* stream;           ///< vendor stream; null: the default stream
  bool overlaps = false;  ///< may be launched while earlier kernels still run
};

/// Where a pointer's memory is, seen by one backend.
enum class memory_kind : std::int32_t {
  unknown,         ///< not this backend's: plain host memory to a GPU backend
  host,            ///< pageable host memory
  host_reachable,  ///< pinned or managed: host and device both reach it
  device           ///< device memory: only `device` (and its peers) reach it
};

struct memory_place {
  memory_kind kind;
  std::int32_t device;
};

/// Memory, streams and graphs of a backend's devices: for staged execution, tools and tests. `graph` calls are null
/// where there are none. The caller's current device and pending error are left as they were.
struct device_services {
  nsameta_status (*allocate)(std::int32_t device, std::size_t bytes, void** out, failure_text*);
  nsameta_status (*release)(std::int32_t device, void* memory, failure_text*);
  /// Any direction; ordered after `stream`; done on return.
  nsameta_status (*copy)(launch_place, void* to, const void* from, std::size_t bytes, failure_text*);
  nsameta_status (*synchronize)(launch_place, failure_text*);
  nsameta_status (*is_capturing)(launch_place, bool* capturing, failure_text*);
  nsameta_status (*create_stream)(std::int32_t device, void** stream, failure_text*);
  nsameta_status (*destroy_stream)(launch_place, failure_text*);
  nsameta_status (*begin_capture)(launch_place, failure_text*);
  nsameta_status (*end_capture)(launch_place, void** graph, failure_text*);
  nsameta_status (*launch_graph)(launch_place, void* graph, failure_text*);
  nsameta_status (*destroy_graph)(std::int32_t device, void* graph, failure_text*);
};

struct backend_interface {
  std::uint32_t interface_version;  ///< backend_interface_version of the backend's build
  nsameta_device_kind kind;         ///< the kind of target it serves; NSAMETA_DEVICE_HOST for CPU backends
  const char* name;
  const char* version;          ///< of the toolkit or library it stands on
  const char* const* variants;  ///< names, null-terminated; the first runs unless another is named

  /// Counts devices. A state other than ready comes with its reason. Called before anything
  /// else, and once, unless the host had no memory to keep the answer.
  nsameta_backend_state (*probe)(std::int32_t* device_count, failure_text*);
  nsameta_status (*describe)(std::int32_t device, nsameta_device_info*, failure_text*);
  nsameta_status (*locate)(const void* pointer, memory_place*, failure_text*);
  /// Loads every kernel for `device`; blocking, idempotent, thread-safe.
  nsameta_status (*warm_up)(std::int32_t device, failure_text*);
  /// Runs one problem into `count` >= 1 sets of outputs. Only validated arguments reach a backend.
  nsameta_status (*fill)(const nsameta_problem&, const nsameta_outputs* sets, std::int64_t count, const launch_policy&,
                         launch_place, failure_text*);

  device_services services;

  /// The kernel that `fill` would launch first for these arguments; "" if none. Null: its code has no names.
  const char* (*kernel_name)(const nsameta_problem&, const nsameta_outputs* sets, std::int64_t count,
                             const launch_policy&) = nullptr;
};

/// Type of a module's only exported function, `nsameta_backend_entry_v1`. It returns a table with static lifetime.
using backend_entry = const backend_interface* (*)();
inline constexpr const char* backend_entry_symbol = "nsameta_backend_entry_v1";

}  // namespace nsameta
