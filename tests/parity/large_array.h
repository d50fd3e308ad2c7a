/// Arrays larger than anybody would fill, of which a test touches a few places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "harness/guarded_memory.h"
#include "harness/library_error.h"
#include "nsameta/device.h"
#include "tested_backend.h"

namespace nsameta::test {

/// Memory of the tested device. On the host it is a mapping without backing, between protected pages: its own come into
/// being, as zeros, where they are written. On a GPU it is an allocation like any other, with anything in it.
template <class T>
class large_array {
 public:
  explicit large_array(std::int64_t count)
      : bytes_(static_cast<std::size_t>(count) * sizeof(T)), memory_(place(), layout_of(bytes_)) {}
  large_array(std::initializer_list<T> values) : large_array(std::ssize(values)) { put(0, values); }
  explicit large_array(const std::vector<T>& values) : large_array(std::ssize(values)) { put(0, values); }
  large_array(const large_array&) = delete;
  large_array& operator=(const large_array&) = delete;

  T* data() const { return reinterpret_cast<T*>(memory_.data() + memory_.layout().arrays()[0].begin); }
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
  static const harness::device_place& place() { return tested().place; }
  static harness::guarded_layout layout_of(std::size_t bytes) {
    harness::guarded_layout layout(harness::guard_on(place(), harness::pages_in_turn()));
    layout.add("a large array", bytes);
    return layout;
  }
  static void copy(void* to, const void* from, std::size_t bytes) {
    harness::check(nsameta_device_copy(place().backend.c_str(), place().index, to, from, bytes, nullptr));
  }

  std::size_t bytes_;
  harness::guarded_memory memory_;
};

}  // namespace nsameta::test
