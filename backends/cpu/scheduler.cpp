#include "cpu/scheduler.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "logging.h"
#include "words.h"

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

/// Of a file of the control group: one number or two, as many as are there.
std::array<long long, 2> numbers_in(const char* root, const char* name) {
  char text[256];
  std::array<long long, 2> numbers{};
  std::snprintf(text, sizeof text, "%s/sys/fs/cgroup/%s", root, name);
  const int file = open(text, O_RDONLY | O_CLOEXEC);
  if (file < 0) return numbers;
  const ssize_t bytes = read(file, text, sizeof text - 1);
  close(file);
  text[std::max<ssize_t>(bytes, 0)] = '\0';
  std::sscanf(text, "%lld %lld", &numbers[0], &numbers[1]);
  return numbers;
}

}  // namespace

int container_cpus(const char* root) {
  auto [quota, period] = numbers_in(root, "cpu.max");  // "max 100000": none
  if (period == 0) {
    quota = numbers_in(root, "cpu/cpu.cfs_quota_us")[0];  // -1: none
    period = numbers_in(root, "cpu/cpu.cfs_period_us")[0];
  }
  return quota > 0 && period > 0 ? static_cast<int>(std::min<long long>((quota - 1) / period + 1, INT_MAX)) : INT_MAX;
}

int most_threads() {
  static const int most = [] {
    const char* text = std::getenv("NSAMETA_NUM_THREADS");
    if (text == nullptr) return container_cpus("");
    const std::string_view word = trimmed(text);
    int asked = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), asked);
    if (error == std::errc() && end == word.data() + word.size() && asked > 0) return asked;
    if (log_enabled(log_topic::dispatch)) {
      char line[128];
      std::snprintf(line, sizeof line, "NSAMETA_NUM_THREADS: \"%.40s\" is no number from 1 up", text);
      make_printable(line);
      log_line(line);
    }
    return container_cpus("");
  }();
  return most;
}

int usable_threads() {
  static const int threads = [] {
    cpu_set_t cpus;  // of 1,024 at most: a larger machine's are not counted
    return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? std::min(most_threads(), CPU_COUNT(&cpus)) : most_threads();
  }();
  return threads;
}

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
