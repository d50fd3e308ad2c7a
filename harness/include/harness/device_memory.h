/// Memory of one device, owned.
#pragma once

#include <cstddef>
#include <span>

#include "harness/backend_name.h"

namespace nsameta::harness {

/// A block of memory that `place` computes on, 256-byte aligned; uninitialised; null when `bytes` is 0. On the host it
/// is plain memory, so that sanitizers see it. Throws std::bad_alloc or library_error.
class device_memory {
 public:
  device_memory(device_place place, std::size_t bytes);
  ~device_memory();
  device_memory(device_memory&& other) noexcept;
  device_memory& operator=(device_memory&& other) noexcept;

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }
  const device_place& place() const { return place_; }

  /// Copy between the host and the block, from byte `at` on; after all work of the default stream, done on return.
  void upload(std::span<const std::byte> from, std::size_t at = 0);
  void download(std::span<std::byte> to, std::size_t at = 0) const;

 private:
  void release() noexcept;

  device_place place_;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace nsameta::harness
