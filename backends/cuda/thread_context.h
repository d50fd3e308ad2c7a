/// The kernels' view of NVIDIA GPUs.
#pragma once

#include <cstdint>

#include "gpu/thread_context.h"

namespace nsameta::cuda {

struct thread_context {
  static constexpr int warp_width = 32;
  static constexpr unsigned all_lanes = 0xffffffffu;

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int set() const { return static_cast<int>(blockIdx.y); }
  __device__ void barrier() { __syncthreads(); }

  template <class V>
  __device__ V shuffle_up(const V& value, int delta) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl_up_sync(all_lanes, word, delta); });
  }
  template <class V>
  __device__ V shuffle(const V& value, int lane) {
    return gpu::by_words(value, [=](unsigned word) { return __shfl_sync(all_lanes, word, lane); });
  }
  __device__ std::uint64_t ballot(bool vote) { return __ballot_sync(all_lanes, vote); }
  __device__ std::uint32_t sum(std::uint32_t number) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(all_lanes, number);
#else
    for (int distance = warp_width / 2; distance > 0; distance /= 2)
      number += __shfl_xor_sync(all_lanes, number, distance);
    return number;
#endif
  }

  __device__ void store_streaming(std::int32_t* to, const gpu::piece& from) {
    __stcs(reinterpret_cast<int4*>(to), make_int4(from.element[0], from.element[1], from.element[2], from.element[3]));
  }

  __device__ void await_earlier_kernels() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
  }
  /// Those of this library wait themselves; whoever launches another as a dependent one has it wait.
  __device__ void let_later_kernels_start() {
#if __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
  }
};

}  // namespace nsameta::cuda
