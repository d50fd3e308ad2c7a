/// What the process holds, and whether it holds more and more of it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace nsameta::cli {

/// One kind of resource, as the system or the allocator counts it.
struct resource {
  const char* name;
  std::int64_t allowed;  ///< growth of its least use from one quarter of a run to the next
  std::int64_t (*in_use)();
};

/// Bytes allocated and not released, resident bytes, open descriptors, threads, memory mappings.
const std::array<resource, 5>& resources();

/// The least of each resource that was in use in each quarter of a run. What is kept for later use, by the library, its
/// scheduler or a driver, grows once; a leak makes the least use grow from every quarter to the next.
class resource_watch {
 public:
  static constexpr std::size_t quarters = 4;
  using figures = std::array<std::int64_t, quarters>;

  resource_watch();
  void sample(std::size_t quarter);
  const figures& least(std::size_t which) const { return least_[which]; }
  bool leaks(std::size_t which) const;

 private:
  std::array<figures, 5> least_;
};

}  // namespace nsameta::cli
