/// Fills as the CPU does, and every few milliseconds keeps a little more of what NSAMETA_TEST_LEAK names, so that the
/// tests can see a leak reported: by time, because fills are as many as the machine is fast.
#include <fcntl.h>
#include <sys/mman.h>

#include <chrono>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include "cpu/fill.h"
#include "module_fill.h"

namespace nsameta {
namespace {

void keep_more() {
  const char* const named = std::getenv("NSAMETA_TEST_LEAK");
  const std::string_view what = named != nullptr ? named : "";
  static std::vector<std::vector<char>> kept;  // reachable, so that no sanitizer minds
  if (what == "allocated_bytes") kept.emplace_back(128 * 1024);
  if (what == "descriptors") (void)open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (what == "threads") std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  // Neighbours with other rights stay apart.
  for (int i = 0; what == "mappings" && i < 12; ++i)
    (void)mmap(nullptr, 4096, i % 2 == 0 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

}  // namespace

void module_fill(const nsameta_problem& problem, const nsameta_outputs* sets, std::int64_t count) {
  static auto last = std::chrono::steady_clock::now();
  if (const auto now = std::chrono::steady_clock::now(); now - last > std::chrono::milliseconds(5)) {
    last = now;
    keep_more();
  }
  for (std::int64_t set = 0; set < count; ++set) cpu::fill(problem, sets[set], cpu::variant_serial);
}

}  // namespace nsameta
