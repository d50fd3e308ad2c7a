/// simt's runtime in the place of CUDA's, with memory that counts as the device's own: so that what a GPU's memory
/// brings with it, pointer queries and staged execution, runs for real where there is no GPU.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "simt/runtime.h"

namespace nsameta::test {

struct virtual_gpu : simt::runtime {
  static constexpr nsameta_device_kind kind = NSAMETA_DEVICE_CUDA;
  static constexpr const char* name = "cuda";

  static error allocate(std::size_t bytes, void*& memory) {
    block* const free = find([](const block& one) { return one.begin == nullptr; });
    if (free == nullptr) return simt::record(error::out_of_memory);
    const error e = simt::runtime::allocate(bytes, memory);
    int device = 0;
    simt::runtime::get_device(device);
    if (e == success) *free = {static_cast<const std::byte*>(memory), bytes, device};
    return e;
  }
  static error release(void* memory) {
    const error e = simt::runtime::release(memory);
    if (block* const known = find([&](const block& one) { return one.begin == memory; }); e == success && known)
      *known = {};
    return e;
  }
  static error locate(const void* pointer, memory_place& place) {
    const auto* at = static_cast<const std::byte*>(pointer);
    const block* const known = find([&](const block& one) { return at >= one.begin && at < one.begin + one.bytes; });
    place = known ? memory_place{memory_kind::device, known->device} : memory_place{memory_kind::unknown, 0};
    return success;
  }

 private:
  struct block {
    const std::byte* begin;
    std::size_t bytes;
    int device;
  };
  /// A fixed number, because the host's memory may be failing.
  static inline std::array<block, 256> blocks{};

  template <class Matches>
  static block* find(Matches matches) {
    const auto found = std::ranges::find_if(blocks, matches);
    return found == blocks.end() ? nullptr : &*found;
  }
};

}  // namespace nsameta::test
