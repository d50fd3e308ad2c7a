/// A problem's inputs on one device.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/device_memory.h"
#include "harness/problem_data.h"

namespace nsameta::harness {

/// Holds one problem at a time. Its memory only grows, so that a sequence of problems soon stops allocating.
class input_buffers {
 public:
  explicit input_buffers(const device_place& place) : memory_(place, 0) {}

  /// Replaces the problem, after all work of the default stream.
  void upload(const problem_data& problem);

  /// The problem where the device sees it; valid until the next upload.
  const nsameta_problem& view() const { return view_; }

  /// Names an input that no longer holds what was uploaded; nothing when all do. Waits for the default stream.
  std::optional<std::string> changed() const;

 private:
  struct block {
    const char* name;
    std::size_t begin, end;
  };
  std::size_t stage(const char* name, std::span<const std::byte> bytes);

  device_memory memory_;
  std::vector<std::byte> staged_;  // what the device's memory must hold
  std::vector<block> blocks_;
  nsameta_problem view_{};
};

}  // namespace nsameta::harness
