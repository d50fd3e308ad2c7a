/// Where a rank computes: a GPU of its own where there are enough, or else host memory.
#pragma once

#include <string>

#include <nsameta/device.hpp>

#include "batch.h"

namespace sharded {

class place {
 public:
  /// For the rank at `position` of `count` on this machine.
  place(int position, int count) : device_("cpu"), target_(NSAMETA_DEVICE_HOST) {
    for (const nsameta_backend_info& backend : nsameta::backends()) {
      const std::string name = backend.name;
      const bool gpu = name == "cuda" || name == "hip";
      if (!gpu || backend.state != NSAMETA_BACKEND_READY || backend.device_count < count) continue;
      device_ = nsameta::device(backend.name, position);
      target_ = nsameta::target(name == "cuda" ? NSAMETA_DEVICE_CUDA : NSAMETA_DEVICE_HIP, position);
      return;
    }
  }

  const nsameta::target& target() const { return target_; }
  std::string name() const { return device_.backend() + (":" + std::to_string(device_.index())); }

  nsameta::device_memory upload(const ints& values) const {
    nsameta::device_memory memory = nsameta::allocate(device_, values.size() * 4 + 4);  // none is empty
    device_.copy(memory.get(), values.data(), values.size() * 4);
    return memory;
  }
  void download(ints& into, const nsameta::device_memory& memory) const {
    device_.copy(into.data(), memory.get(), into.size() * 4);
  }

 private:
  nsameta::device device_;
  nsameta::target target_;
};

}  // namespace sharded
