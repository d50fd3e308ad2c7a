/// What a lane answers where the hardware has no clusters and starts no kernel before those ahead of it have ended.
#pragma once

#include "common/annotations.h"

namespace nsameta::gpu {

struct no_clusters {
  NSAMETA_DEVICE void await_earlier_kernels() {}
  NSAMETA_DEVICE int cluster_rank() const { return 0; }
  NSAMETA_DEVICE int cluster_size() const { return 1; }
  NSAMETA_DEVICE void cluster_barrier() {}
  template <class T>
  NSAMETA_DEVICE T* shared_of(T* shared, int /*rank*/) {
    return shared;
  }
};

}  // namespace nsameta::gpu
