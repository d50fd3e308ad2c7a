/// 16-byte accesses, the widest a lane has.
#pragma once

#include <cstdint>

#include "gpu/device_layer.h"

namespace nsameta::gpu {

template <class T>
struct alignas(16) wide {
  T element[16 / sizeof(T)];
};

template <class T>
NSAMETA_DEVICE bool is_aligned(const T* data) {
  return reinterpret_cast<std::uintptr_t>(data) % 16 == 0;
}

template <class T>
NSAMETA_DEVICE void store_wide(T* to, const wide<T>& elements) {
  *reinterpret_cast<wide<T>*>(to) = elements;
}

template <class T>
NSAMETA_DEVICE wide<T> load_wide(const T* from) {
  return *reinterpret_cast<const wide<T>*>(from);
}

}  // namespace nsameta::gpu
