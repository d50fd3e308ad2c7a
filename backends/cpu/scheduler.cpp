#include "cpu/scheduler.h"

#include <atomic>
#include <chrono>
#include <thread>

namespace nsameta::cpu {
namespace {

constinit std::atomic<bool> over{false};
constinit std::atomic<int> under_way{0};
constinit std::atomic<bool> used{false}, left_behind{false};

/// Destroyed before oneTBB's own objects, since libtbb is loaded first. It only waits: a reference that would keep the
/// scheduler, taken while another thread starts it, locks both of them up inside oneTBB.
struct at_exit {
  ~at_exit() {
    using namespace std::chrono_literals;
    constexpr auto patience = 10s;  // a fill takes milliseconds; one that waits for the exiting thread never ends
    constexpr auto step = 100us;
    over = true;
    if (left_behind) return;  // what was under way is so in the parent
    for (const auto end = std::chrono::steady_clock::now() + patience;
         under_way > 0 && std::chrono::steady_clock::now() < end;)
      std::this_thread::sleep_for(step);
  }
};
const at_exit watch;

}  // namespace

scheduler_use::scheduler_use() {
  if (!used.load(std::memory_order_relaxed)) used = true;
  // In this order, and the exit the other way round: one of the two sees the other.
  ++under_way;
  granted_ = !over && !left_behind;
  if (!granted_) --under_way;
}

scheduler_use::~scheduler_use() {
  if (granted_) --under_way;
}

void leave_scheduler() {
  if (used) left_behind = true;
}

bool scheduler_left_behind() { return left_behind.load(std::memory_order_relaxed); }

}  // namespace nsameta::cpu
