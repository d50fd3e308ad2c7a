#include "resources.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>

// Of a sanitizer's allocator, where one stands in place of the C library's.
extern "C" [[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();

namespace nsameta::cli {
namespace {

constexpr std::int64_t kibibyte = 1024, mebibyte = 1024 * kibibyte;

std::int64_t allocated_bytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr)
    return static_cast<std::int64_t>(__sanitizer_get_current_allocated_bytes());
  const struct mallinfo2 all = mallinfo2();
  return static_cast<std::int64_t>(all.uordblks + all.hblkhd);
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

std::int64_t count_entries(const char* folder) {
  return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator());
}

std::int64_t descriptors() { return count_entries("/proc/self/fd") - 1; }  // without the one that reads the folder
std::int64_t threads() { return count_entries("/proc/self/task"); }

/// Where programs map memory. Below it lies the shadow of ThreadSanitizer's builds, which are for x86-64: that grows
/// wherever memory is used for the first time.
#if defined(__SANITIZE_THREAD__) && defined(__x86_64__)
constexpr std::uint64_t lowest_mapping = 0x5000'0000'0000;
#else
constexpr std::uint64_t lowest_mapping = 0;
#endif

std::int64_t mappings() {
  std::ifstream maps("/proc/self/maps");
  std::int64_t lines = 0;
  for (std::string line; std::getline(maps, line);) lines += std::stoull(line, nullptr, 16) >= lowest_mapping;
  return lines;
}

constexpr std::array<resource, 5> all_resources{{{"allocated_bytes", 64 * kibibyte, allocated_bytes},
                                                 {"resident_bytes", 16 * mebibyte, resident_bytes},
                                                 {"descriptors", 0, descriptors},
                                                 {"threads", 0, threads},
                                                 {"mappings", 8, mappings}}};

}  // namespace

const std::array<resource, 5>& resources() { return all_resources; }

resource_watch::resource_watch() {
  for (figures& each : least_) each.fill(std::numeric_limits<std::int64_t>::max());
}

void resource_watch::sample(std::size_t quarter) {
  for (std::size_t which = 0; which < all_resources.size(); ++which)
    least_[which][quarter] = std::min(least_[which][quarter], all_resources[which].in_use());
}

bool resource_watch::leaks(std::size_t which) const {
  const figures& least = least_[which];
  for (std::size_t quarter = 1; quarter < quarters; ++quarter)
    if (least[quarter] - least[quarter - 1] <= all_resources[which].allowed) return false;
  return true;
}

}  // namespace nsameta::cli
