/// The device layer on NVIDIA GPUs.
#pragma once

#include <cstdint>

#include "gpu/words.h"

namespace nsameta::cuda {

struct lane {
  static constexpr int warp_width = 32;
  static constexpr unsigned all_lanes = 0xffffffffu;

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int block_count() const { return static_cast<int>(gridDim.x); }
  __device__ void barrier() { __syncthreads(); }
  __device__ void sync_warp() { __syncwarp(all_lanes); }

  template <class T>
  __device__ T shuffle_up(const T& value, int delta) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl_up_sync(all_lanes, word, delta); });
  }
  template <class T>
  __device__ T shuffle(const T& value, int lane) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl_sync(all_lanes, word, lane); });
  }
  __device__ void prefetch(const void* address) const { asm volatile("prefetch.global.L1 [%0];" ::"l"(address)); }
  __device__ std::uint64_t ballot(bool vote) { return __ballot_sync(all_lanes, vote); }
};

}  // namespace nsameta::cuda
