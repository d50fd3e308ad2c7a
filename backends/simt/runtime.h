/// The runtime shim on virtual devices: the rules of real ones, over host memory and fibres. Device 0 has 32-wide
/// warps, device 1 64-wide ones.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include <boost/version.hpp>

#include "gpu/runtime.h"
#include "simt/error.h"
#include "simt/stream.h"
#include "simt/team.h"

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

  static error device_count(int& count) {
    count = simt::device_count;
    return success;
  }
  static error describe(int device, nsameta_device_info& info) {
    if (!is_device(device)) return record(error::invalid_device);
    std::snprintf(info.name, sizeof info.name, "simt, %d-wide warps", warp_widths[device]);
    std::snprintf(info.architecture, sizeof info.architecture, "warp%d", warp_widths[device]);
    info.multiprocessors = 4;
    info.warp_width = warp_widths[device];
    info.has_code = 1;
    info.memory_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
    return success;
  }
  static error get_device(int& device) {
    device = current_device;
    return success;
  }
  static error set_device(int device) {
    if (!is_device(device)) return record(error::invalid_device);
    current_device = device;
    return success;
  }
  static error pending_error() { return last_error; }
  static error clear_error() { return std::exchange(last_error, success); }

  static error locate(const void*, memory_place& place) {
    place = {memory_kind::host, current_device};
    return success;
  }

  /// A kernel that no load made resident cannot be launched into a capture, only outside of one.
  static error load(int kernel);
  static error launch(int kernel, gpu::launch_shape, const void* arguments, void* stream);

  static error is_capturing(void* stream, bool& capturing) {
    capturing = stream && of(stream)->capturing();
    return success;
  }
  /// Fresh memory is poisoned.
  static error allocate(std::size_t bytes, void*& memory) {
    if (const error refused = refuse_during_capture(); refused != success) return record(refused);
    memory = std::malloc(bytes);
    if (!memory && bytes > 0) return record(error::out_of_memory);
    std::memset(memory, poison, bytes);
    return success;
  }
  static error release(void* memory) {
    if (const error refused = refuse_during_capture(); refused != success) return record(refused);
    std::free(memory);
    return success;
  }
  static error copy(void* to, const void* from, std::size_t bytes, void* stream) {
    if (bytes > 0 && (!to || !from)) return record(error::invalid_value);
    return issue(of(stream), [=] {
      if (bytes > 0) std::memmove(to, from, bytes);
      return success;
    });
  }
  static error synchronize(void* stream) {
    if (!stream || !of(stream)->capturing()) return success;
    of(stream)->spoil_capture();
    return record(error::capture_unsupported);
  }
  static error create_stream(void*& handle) {
    handle = new (std::nothrow) stream(current_device);
    return handle ? success : record(error::out_of_memory);
  }
  static error destroy_stream(void* stream) {
    if (!stream) return record(error::invalid_value);
    delete of(stream);
    return success;
  }

  /// A capture here binds its own thread alone.
  struct beside_captures {};

  /// The default stream cannot be captured on real devices either.
  static error begin_capture(void* stream) {
    return record(stream ? of(stream)->begin_capture() : error::capture_unsupported);
  }
  static error end_capture(void* stream, void*& captured) {
    if (!stream) return record(error::capture_not_begun);
    graph* recorded = nullptr;
    const error e = of(stream)->end_capture(recorded);
    captured = recorded;
    return record(e);
  }
  static error launch_graph(void* captured, void* stream) {
    if (!captured) return record(error::invalid_value);
    for (const auto& each : *static_cast<const graph*>(captured))
      if (const error e = issue(of(stream), each); e != success) return e;
    return success;
  }
  static error destroy_graph(void* captured) {
    if (!captured) return record(error::invalid_value);
    delete static_cast<graph*>(captured);
    return success;
  }

 private:
  static bool is_device(int device) { return device >= 0 && device < simt::device_count; }
  static stream* of(void* handle) { return static_cast<stream*>(handle); }

  static inline thread_local int current_device = 0;
};

}  // namespace nsameta::simt
