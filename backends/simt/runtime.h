/// The runtime shim on virtual devices: the rules of real ones, over host memory and fibres. Device 0 has 32-wide
/// warps, device 1 64-wide ones.
#pragma once

#include <algorithm>
#include <array>

#include <boost/version.hpp>

#include "gpu/runtime.h"
#include "simt/error.h"

namespace nsameta::simt {

/// A constant: valid as long as the process, also while it exits.
inline constexpr auto version_text = [] {
  auto text = std::to_array("fibres (Boost.Context " BOOST_LIB_VERSION ")");
  std::ranges::replace(text, '_', '.');
  return text;
}();

struct runtime {
  using error = simt::error;
  static constexpr error success = error::none;
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_SIMT;
  static constexpr const char* name = "simt";

  static constexpr const char* version() { return version_text.data(); }
  static const char* error_text(error e) { return text_of(e); }
  static bool is_out_of_memory(error e) { return e == error::out_of_memory; }
  static nsameta_backend_state probe_state(error) { return NSAMETA_BACKEND_NO_DEVICE; }

  static error device_count(int& count);
  static error describe(int device, nsameta_device_info& info);
  static error get_device(int& device);
  static error set_device(int device);
  static error pending_error() { return last_error(); }
  static error clear_error() { return take_last_error(); }
  static error locate(const void* pointer, memory_place& place);

  /// A kernel that no load made resident cannot be launched into a capture, only outside of one.
  static error load(int kernel);
  static error launch(int kernel, gpu::launch_shape, const void* arguments, void* stream);

  /// A capture here binds its own thread alone.
  struct beside_captures {};

  static error is_capturing(void* stream, bool& capturing);
  /// Fresh memory is poisoned.
  static error allocate(std::size_t bytes, void*& memory);
  static error release(void* memory);
  static error copy(void* to, const void* from, std::size_t bytes, void* stream);
  static error synchronize(void* stream);
  static error create_stream(void*& stream);
  static error destroy_stream(void* stream);
  static error begin_capture(void* stream);
  static error end_capture(void* stream, void*& graph);
  static error launch_graph(void* graph, void* stream);
  static error destroy_graph(void* graph);
};

}  // namespace nsameta::simt
