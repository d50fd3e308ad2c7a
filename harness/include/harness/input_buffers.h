/// A problem's inputs on one device, with guards between them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/guarded_memory.h"
#include "harness/problem_data.h"

namespace nsameta::harness {

/// Holds one problem at a time. Between page guards the inputs can only be read; between canaries the memory only
/// grows, so that a sequence of problems soon stops allocating.
class input_buffers {
 public:
  explicit input_buffers(const device_place& place, guard kind = guard::canaries)
      : memory_(place, guarded_layout(guard_on(place, kind))) {}

  /// Replaces the problem, after all work of the default stream. Inputs of the same sizes stay where they are.
  void upload(const problem_data& problem);

  /// The problem where the device sees it; valid until the next upload.
  const nsameta_problem& view() const { return view_; }

  /// Names an input that no longer holds what was uploaded, or beside which somebody wrote; nothing when all is well.
  /// Waits for the default stream.
  std::optional<std::string> changed() const;

 private:
  guarded_memory memory_;
  std::vector<std::byte> staged_;  // what the memory must hold
  nsameta_problem view_{};
};

}  // namespace nsameta::harness
