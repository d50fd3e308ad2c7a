/// Arrays larger than anybody would fill, of which a test touches a few places.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <vector>

#include "harness/library_error.h"
#include "matrix/tested_backend.h"
#include "nsameta/device.h"

namespace nsameta::boundaries {

/// Memory of the tested device. On the host it is a mapping without backing: pages come into being, as zeros, where
/// they are written. On a GPU it is an allocation like any other, with anything in it.
template <class T>
class large_array {
 public:
  explicit large_array(std::int64_t count) : bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    if (!place().on_host()) {
      harness::check(nsameta_device_allocate(name(), place().index, bytes_, &memory_));
      return;
    }
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    memory_ = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
  }
  large_array(std::initializer_list<T> values) : large_array(std::ssize(values)) { put(0, values); }
  explicit large_array(const std::vector<T>& values) : large_array(std::ssize(values)) { put(0, values); }
  large_array(const large_array&) = delete;
  large_array& operator=(const large_array&) = delete;
  ~large_array() {
    if (place().on_host()) {
      munmap(memory_, bytes_);
    } else {
      nsameta_device_release(name(), place().index, memory_);
    }
  }

  T* data() const { return static_cast<T*>(memory_); }
  std::int64_t size() const { return static_cast<std::int64_t>(bytes_ / sizeof(T)); }

  void put(std::int64_t at, std::span<const T> values) { copy(data() + at, values.data(), values.size_bytes()); }
  void put(std::int64_t at, std::initializer_list<T> values) { put(at, std::span(values.begin(), values.size())); }

  /// Waits for the default stream.
  std::vector<T> get(std::int64_t at, std::int64_t count) const {
    std::vector<T> values(static_cast<std::size_t>(count));
    copy(values.data(), data() + at, values.size() * sizeof(T));
    return values;
  }
  T operator[](std::int64_t at) const { return get(at, 1)[0]; }

 private:
  static const harness::device_place& place() { return matrix::tested().place; }
  static const char* name() { return place().backend.c_str(); }
  static void copy(void* to, const void* from, std::size_t bytes) {
    harness::check(nsameta_device_copy(name(), place().index, to, from, bytes, nullptr));
  }

  void* memory_ = nullptr;
  std::size_t bytes_;
};

}  // namespace nsameta::boundaries
