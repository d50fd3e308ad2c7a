/// The device layer: all that the kernels may ask of the hardware. CUDA and HIP implement it with intrinsics, simt with
/// fibres on the host, so the same kernel source runs on all three. No vendor name appears in this folder.
#pragma once

#include <concepts>
#include <cstdint>

#include "common/annotations.h"

namespace nsameta::gpu {

/// The lane a kernel runs on. Blocks are one-dimensional. The collectives must be reached by every lane of the warp
/// (barrier: of the block), in the same order. T is trivially copyable, its size a multiple of 4 bytes.
///
///   static constexpr int warp_width       32 or 64 lanes
///   int thread()                          index in the block
///   int block(), int block_count()        index and size of the grid
///   void barrier()                        block-wide; orders shared and global memory within the block
///   void sync_warp()                      the same within the warp
///   T shuffle_up(T v, int delta)          v of lane - delta; the lane's own v below delta
///   T shuffle(T v, int lane)              v of `lane`, which may be another one for each lane
///   void prefetch(const void*)            a hint: what lies there will be loaded
///   std::uint64_t ballot(bool)            bit i: the vote of lane i; upper half 0 on 32-wide warps
///   std::uint32_t sum(std::uint32_t)      over the lanes, modulo 2^32; to all of them
///   void await_earlier_kernels()          before the first access to global memory: a kernel may be started before
///                                         those that precede it in the stream have ended
///   int cluster_rank(), cluster_size()    blocks that run together; a size of 1 where the hardware has no clusters
///   void cluster_barrier()                the same as barrier() for the blocks of a cluster, where there are several
///   T* shared_of(T* shared, int rank)     where the block of that rank has `shared`
template <class L>
concept device_lane = requires(L lane, std::int64_t value) {
  requires L::warp_width == 32 || L::warp_width == 64;
  { lane.thread() } -> std::same_as<int>;
  { lane.block() } -> std::same_as<int>;
  { lane.block_count() } -> std::same_as<int>;
  lane.barrier();
  lane.sync_warp();
  { lane.shuffle_up(value, 1) } -> std::same_as<std::int64_t>;
  { lane.shuffle(value, 0) } -> std::same_as<std::int64_t>;
  lane.prefetch(nullptr);
  { lane.ballot(true) } -> std::same_as<std::uint64_t>;
  { lane.sum(1u) } -> std::same_as<std::uint32_t>;
  lane.await_earlier_kernels();
  { lane.cluster_rank() } -> std::same_as<int>;
  { lane.cluster_size() } -> std::same_as<int>;
  lane.cluster_barrier();
  { lane.shared_of(&value, 0) } -> std::same_as<std::int64_t*>;
};

}  // namespace nsameta::gpu
