#include "cpu/scheduler.h"

#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <unistd.h>

#include <atomic>

namespace nsameta::cpu {
namespace {

enum class use { none, begun, over };

constinit std::atomic<use> state{use::none};
constinit std::atomic<pid_t> user{0};

/// Destroyed before oneTBB's own objects, since libtbb is loaded first. New fills then stay on their threads. For those
/// under way, the exiting thread starts the scheduler, in case none has got that far, and keeps it by a reference that
/// is never given back; no sooner, so that until then a program can end it with tbb::finalize.
struct at_exit {
  ~at_exit() {
    if (state.exchange(use::over) != use::begun) return;
    if (user != getpid()) return;  // a forked child: there is nothing to keep, and there may be locks
    try {
      static auto& kept = *new tbb::task_scheduler_handle(tbb::attach{});
      if (kept) tbb::this_task_arena::isolate([] {});
    } catch (...) {
      // No memory for it. Only fills under way are at stake.
    }
  }
};
const at_exit watch;

}  // namespace

bool enter_scheduler() {
  use known = state.load(std::memory_order_relaxed);
  if (known != use::none) [[likely]] return known == use::begun;
  user = getpid();
  return state.compare_exchange_strong(known, use::begun) || known == use::begun;
}

bool has_used_scheduler() { return state != use::none; }

}  // namespace nsameta::cpu
