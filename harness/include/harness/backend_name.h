/// "name[:index][/variant]", taken apart, and the device that stands behind it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nsameta/nsameta.h"

namespace nsameta::harness {

/// One device of one backend, as a place for memory.
struct device_place {
  std::string backend = "cpu";
  std::int32_t index = 0;

  /// True when the device computes on plain host memory.
  bool on_host() const;
  /// Whether its work can be captured in a graph.
  bool has_graphs() const;
  /// The target of fills on this device, on its default stream.
  nsameta_target target() const;
};

/// The place that "name[:index][/variant]" computes on. Whether the name exists is for the library to say.
device_place place_of(std::string_view backend);

/// Cuts a comma-separated list into its entries, in small letters and without the white space around them; empty ones
/// are dropped.
std::vector<std::string> split_list(std::string_view list);

/// What the library says of all backends, in selection order.
std::vector<nsameta_backend_info> list_backends();

}  // namespace nsameta::harness
