/// The device layer on NVIDIA GPUs.
#pragma once

#include <cstdint>

#include "gpu/no_clusters.h"
#include "gpu/words.h"

namespace nsameta::cuda {

#if __CUDA_ARCH__ >= 900
struct clusters {
  /// Then lets the kernel that follows start: it waits itself before it touches memory, or is not started early.
  __device__ void await_earlier_kernels() {
    asm volatile("griddepcontrol.wait;" ::: "memory");
    asm volatile("griddepcontrol.launch_dependents;");
  }
  __device__ int cluster_rank() const {
    int rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
  }
  __device__ int cluster_size() const {
    int size;
    asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
    return size;
  }
  __device__ void cluster_barrier() {
    asm volatile("barrier.cluster.arrive.release.aligned;\n\tbarrier.cluster.wait.acquire.aligned;" ::: "memory");
  }
  template <class T>
  __device__ T* shared_of(T* shared, int rank) {
    T* theirs;
    asm("mapa.u64 %0, %1, %2;" : "=l"(theirs) : "l"(shared), "r"(rank));
    return theirs;
  }
};
#else
using clusters = gpu::no_clusters;
#endif

struct lane : clusters {
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
  __device__ std::uint32_t sum(std::uint32_t number) {
#if __CUDA_ARCH__ >= 800
    return __reduce_add_sync(all_lanes, number);
#else
    for (int distance = warp_width / 2; distance > 0; distance /= 2)
      number += __shfl_xor_sync(all_lanes, number, distance);
    return number;
#endif
  }
};

}  // namespace nsameta::cuda
