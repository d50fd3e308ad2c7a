/// Owners of device memory, streams and graphs over device.h. Each is released when its owner goes, by the backend and
/// device that made it; a failed release has nobody to tell and is passed over. Needs exceptions; device.h does not.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "nsameta/device.h"
#include "nsameta/nsameta.hpp"

namespace nsameta {

/// A device by backend name and ordinal. Throws nsameta::error where a call fails.
class device {
 public:
  /// Device `index` of the backend of that name; nothing is asked of it yet.
  explicit device(std::string backend, std::int32_t index = 0) : backend_(std::move(backend)), index_(index) {}

  const char* backend() const noexcept { return backend_.c_str(); }  ///< the backend's name
  std::int32_t index() const noexcept { return index_; }             ///< the ordinal

  /// Its name, architecture and size.
  nsameta_device_info describe() const {
    nsameta_device_info info;
    result(nsameta_device(backend(), index_, &info)).or_throw();
    return info;
  }
  /// Either side may be host memory. Ordered after `stream`; done on return.
  void copy(void* to, const void* from, std::size_t bytes, void* stream = nullptr) const {
    result(nsameta_device_copy(backend(), index_, to, from, bytes, stream)).or_throw();
  }
  /// Waits for all work of `stream`.
  void synchronize(void* stream = nullptr) const {
    result(nsameta_device_synchronize(backend(), index_, stream)).or_throw();
  }

 private:
  std::string backend_;
  std::int32_t index_;
};

/// Something that a device made and only that device can release.
template <nsameta_status (*release)(const char*, std::int32_t, void*)>
class device_owned {
 public:
  /// Takes what `from` made.
  device_owned(device from, void* handle) : from_(std::move(from)), handle_(handle) {}
  /// Leaves `other` without.
  device_owned(device_owned&& other) noexcept
      : from_(std::move(other.from_)), handle_(std::exchange(other.handle_, nullptr)) {}
  /// What this held is released with `other`.
  device_owned& operator=(device_owned&& other) noexcept {
    std::swap(from_, other.from_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~device_owned() {
    if (handle_ != nullptr) release(from_.backend(), from_.index(), handle_);
  }
  void* get() const noexcept { return handle_; }         ///< the pointer, stream or graph
  const device& from() const noexcept { return from_; }  ///< who made it

 private:
  device from_;
  void* handle_;
};

using device_memory = device_owned<nsameta_device_release>;  ///< memory that the device computes on
using device_stream = device_owned<nsameta_stream_destroy>;  ///< work in order
using device_graph = device_owned<nsameta_graph_destroy>;    ///< recorded work

/// Memory of `bytes` on a device, not initialised.
inline device_memory allocate(const device& on, std::size_t bytes) {
  void* memory = nullptr;
  result(nsameta_device_allocate(on.backend(), on.index(), bytes, &memory)).or_throw();
  return {on, memory};
}

/// A stream of its own.
inline device_stream make_stream(const device& on) {
  void* stream = nullptr;
  result(nsameta_stream_create(on.backend(), on.index(), &stream)).or_throw();
  return {on, stream};
}

/// Records what `issue()` sends to `stream`. The capture is ended, and dropped, also when `issue` throws.
template <class Issue>
device_graph capture(const device_stream& stream, Issue&& issue) {
  const device& on = stream.from();
  void* graph = nullptr;
  result(nsameta_capture_begin(on.backend(), on.index(), stream.get())).or_throw();
  try {
    issue();
  } catch (...) {
    if (nsameta_capture_end(on.backend(), on.index(), stream.get(), &graph) == NSAMETA_OK) {
      nsameta_graph_destroy(on.backend(), on.index(), graph);
    }
    throw;
  }
  result(nsameta_capture_end(on.backend(), on.index(), stream.get(), &graph)).or_throw();
  return {on, graph};
}

/// Runs what was recorded, in order of `stream`.
inline void launch(const device_graph& graph, const device_stream& stream) {
  const device& on = graph.from();
  result(nsameta_graph_launch(on.backend(), on.index(), graph.get(), stream.get())).or_throw();
}

}  // namespace nsameta
