/// The kernels' view of AMD GPUs: wavefronts of 64 lanes on CDNA, of 32 on RDNA.
#pragma once

#include <hip/hip_runtime.h>

#include <cstdint>

#include "gpu/thread_context.h"

namespace nsameta::hip {

struct thread_context {
#if defined(__GFX10__) || defined(__GFX11__) || defined(__GFX12__) || defined(__HIP_PLATFORM_NVIDIA__)
  static constexpr int warp_width = 32;
#else
  static constexpr int warp_width = 64;  // also what the host pass sees, which runs no kernel
#endif

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int set() const { return static_cast<int>(blockIdx.y); }
  /// Not __syncthreads: older headers build it from a function that newer compilers no longer provide.
  __device__ void barrier() {
    __builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
    __builtin_amdgcn_s_barrier();
    __builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
  }

  template <class V>
  __device__ V shuffle_up(const V& value, int delta) {
    const auto distance = static_cast<unsigned>(delta);
    return gpu::by_words(value, [=](unsigned word) { return __shfl_up(word, distance, warp_width); });
  }
  template <class V>
  __device__ V shuffle(const V& value, int lane) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl(word, lane, warp_width); });
  }
  __device__ std::uint64_t ballot(bool vote) { return __ballot(vote); }
  __device__ std::uint32_t sum(std::uint32_t number) {
    for (int distance = warp_width / 2; distance > 0; distance /= 2)
      number += shuffle(number, thread() % warp_width ^ distance);
    return number;
  }

  __device__ void store_streaming(std::int32_t* to, const gpu::piece& from) {
    for (int i = 0; i < 4; ++i) {
#ifdef __HIP_PLATFORM_NVIDIA__
      to[i] = from.element[i];
#else
      __builtin_nontemporal_store(from.element[i], to + i);  // the compiler makes one store of the four
#endif
    }
  }

  __device__ void await_earlier_kernels() {}  // no kernel starts before those ahead of it have ended
  __device__ void let_later_kernels_start() {}
};

}  // namespace nsameta::hip
