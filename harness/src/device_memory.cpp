#include "harness/device_memory.h"

#include <cstring>
#include <new>
#include <utility>

#include "harness/library_error.h"
#include "nsameta/device.h"

namespace nsameta::harness {
namespace {
constexpr std::align_val_t alignment{256};
}

device_memory::device_memory(device_place place, std::size_t bytes) : place_(std::move(place)), bytes_(bytes) {
  if (bytes == 0) return;
  if (place_.on_host()) {
    data_ = static_cast<std::byte*>(::operator new(bytes, alignment));
  } else {
    void* memory = nullptr;
    check(nsameta_device_allocate(place_.backend.c_str(), place_.index, bytes, &memory));
    data_ = static_cast<std::byte*>(memory);
  }
}

device_memory::~device_memory() { release(); }

device_memory::device_memory(device_memory&& other) noexcept
    : place_(other.place_), data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

device_memory& device_memory::operator=(device_memory&& other) noexcept {
  if (this != &other) {
    release();
    place_ = other.place_;
    data_ = std::exchange(other.data_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void device_memory::upload(std::span<const std::byte> from, std::size_t at) {
  if (from.empty()) return;
  if (place_.on_host()) {
    std::memcpy(data_ + at, from.data(), from.size());
  } else {
    check(nsameta_device_copy(place_.backend.c_str(), place_.index, data_ + at, from.data(), from.size(), nullptr));
  }
}

void device_memory::download(std::span<std::byte> to, std::size_t at) const {
  if (to.empty()) return;
  if (place_.on_host()) {
    std::memcpy(to.data(), data_ + at, to.size());
  } else {
    check(nsameta_device_copy(place_.backend.c_str(), place_.index, to.data(), data_ + at, to.size(), nullptr));
  }
}

void device_memory::release() noexcept {
  if (data_ == nullptr) return;
  if (place_.on_host()) {
    ::operator delete(data_, alignment);
  } else {
    nsameta_device_release(place_.backend.c_str(), place_.index, data_);
  }
}

}  // namespace nsameta::harness
