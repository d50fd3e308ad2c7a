/// All outputs of a problem on one device, with guards between them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "harness/guarded_memory.h"
#include "harness/output_layout.h"

namespace nsameta::harness {

/// One block of device memory that holds every wanted output. The outputs start with a fill pattern, so that an element
/// nobody wrote shows.
class output_buffers {
 public:
  output_buffers(const device_place& place, const output_layout& layout, guard kind = guard::canaries);

  /// The outputs where the device sees them.
  const nsameta_outputs& view() const { return device_view_; }

  /// Brings back the pattern and the guards.
  void reset();

  /// The outputs as they stand now, in host memory of this object (on the host, the outputs themselves). Waits for the
  /// default stream. Valid until the next call.
  const nsameta_outputs& read_back();
  /// The same for the live rows of the tables alone; what stands beyond them is of an earlier time.
  const nsameta_outputs& read_back(const live_shape& shape);

  /// Names the damaged guard after read_back(), such as "wrote 4 bytes past cu_seqlens_k"; nothing when all stand.
  std::optional<std::string> damaged_guard() const;

 private:
  nsameta_outputs view_at(std::byte* base, std::vector<nsameta_plan>& plans) const;
  const std::byte* host_bytes() const { return memory_.place().on_host() ? memory_.data() : copy_.data(); }

  output_layout layout_;
  guarded_memory memory_;
  std::vector<std::byte> copy_;                          // of a device's memory
  std::vector<nsameta_plan> device_plans_, host_plans_;  // that the views point to
  nsameta_outputs device_view_;
  nsameta_outputs host_view_;
};

}  // namespace nsameta::harness
