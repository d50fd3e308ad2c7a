/// The process's backends, override and dispatcher, made by the first call and never destroyed: a fill may run while
/// the process exits.
///
/// A forked child makes its own with its first call, from what its parent had at the fork. It takes over no lock, since
/// the thread that holds it may not be there, and no device: a driver and oneTBB's threads stay with the parent.
#pragma once

#include <atomic>

#include "dispatcher.h"

namespace nsameta {

struct process_state {
  process_state();
  /// Of a forked child.
  explicit process_state(process_state& parents);

  registry backends;
  override_setting setting;
  dispatcher dispatch;
};

/// Null before the first call, in a forked child too.
inline constinit std::atomic<process_state*> current_process{nullptr};

process_state& make_process();

inline process_state& this_process() {
  process_state* known = current_process.load(std::memory_order_acquire);
  return known != nullptr ? *known : make_process();
}

inline registry& process_registry() { return this_process().backends; }
inline override_setting& process_override() { return this_process().setting; }
inline dispatcher& process_dispatcher() { return this_process().dispatch; }

}  // namespace nsameta
