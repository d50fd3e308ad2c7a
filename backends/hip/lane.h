/// The device layer on AMD GPUs: wavefronts of 64 lanes on CDNA, of 32 on RDNA.
#pragma once

#include <hip/hip_runtime.h>

#include <cstdint>

#include "gpu/no_clusters.h"
#include "gpu/words.h"

namespace nsameta::hip {

struct lane : gpu::no_clusters {
#if defined(__GFX10__) || defined(__GFX11__) || defined(__GFX12__) || defined(__HIP_PLATFORM_NVIDIA__)
  static constexpr int warp_width = 32;
#else
  static constexpr int warp_width = 64;  // also what the host pass sees, which runs no kernel
#endif

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int block_count() const { return static_cast<int>(gridDim.x); }

  /// Not __syncthreads: older headers build it from a function that newer compilers no longer provide.
  __device__ void barrier() {
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
  }
  __device__ void sync_warp() {
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "wavefront");
    __builtin_amdgcn_wave_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "wavefront");
  }

  template <class T>
  __device__ T shuffle_up(const T& value, int delta) {
    const auto distance = static_cast<unsigned>(delta);
    return gpu::by_words(value, [=](unsigned word) { return __shfl_up(word, distance, warp_width); });
  }
  template <class T>
  __device__ T shuffle(const T& value, int lane) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl(word, lane, warp_width); });
  }
  __device__ void prefetch(const void*) const {}  // the hardware has no such instruction
  __device__ std::uint64_t ballot(bool vote) { return __ballot(vote); }
  __device__ std::uint32_t sum(std::uint32_t number) {
    for (int distance = warp_width / 2; distance > 0; distance /= 2)
      number += shuffle(number, thread() % warp_width ^ distance);
    return number;
  }
};

}  // namespace nsameta::hip
