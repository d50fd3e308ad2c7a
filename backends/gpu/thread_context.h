/// All that the kernels may ask of the hardware. CUDA and HIP implement it with intrinsics, simt with fibres on the
/// host, so the same kernel source runs on all three. No vendor name appears in this folder.
/// Collectives move 32-bit words; larger values go through them word by word, in registers.
#pragma once

#include <concepts>
#include <cstdint>

#include "common/annotations.h"

namespace nsameta::gpu {

/// `value` after `move` was applied to each of its words.
template <class V, class Move>
NSAMETA_DEVICE V by_words(const V& value, Move move) {
  static_assert(sizeof(V) % 4 == 0);
  unsigned words[sizeof(V) / 4];
  __builtin_memcpy(words, &value, sizeof(V));
  NSAMETA_UNROLL(16)
  for (unsigned& word : words) word = move(word);
  V moved;
  __builtin_memcpy(&moved, words, sizeof(V));
  return moved;
}

/// 16 bytes, the widest access that a thread has.
struct alignas(16) piece {
  std::int32_t element[4];
};

/// The thread that a kernel runs on. Blocks are one-dimensional, a grid has a row of blocks for each set of outputs.
/// The collectives must be reached by every lane of the warp (barrier: of the block), in the same order. V is trivially
/// copyable, its size a multiple of 4 bytes.
///
///   static constexpr int warp_width       32 or 64 lanes
///   int thread()                          index in the block
///   int block()                           index in the row of blocks
///   int set()                             index of the row: the set of outputs
///   void barrier()                        block-wide; orders shared and global memory within the block
///   V shuffle_up(V v, int delta)          v of lane - delta; the lane's own v below delta
///   V shuffle(V v, int lane)              v of `lane`, which may be another one for each lane
///   std::uint64_t ballot(bool)            bit i: the vote of lane i; upper half 0 on 32-wide warps
///   std::uint32_t sum(std::uint32_t)      over the lanes, modulo 2^32; to all of them
///   void store_streaming(to, piece)       stores 16 bytes of very many, which are to leave the caches first
///   void await_earlier_kernels()          before the first access to global memory: a kernel may be started before
///                                         those that precede it in the stream have ended
///   void let_later_kernels_start()        which must wait themselves
template <class T>
concept thread_context = requires(T self, std::int64_t value, piece elements) {
  requires T::warp_width == 32 || T::warp_width == 64;
  { self.thread() } -> std::same_as<int>;
  { self.block() } -> std::same_as<int>;
  { self.set() } -> std::same_as<int>;
  self.barrier();
  { self.shuffle_up(value, 1) } -> std::same_as<std::int64_t>;
  { self.shuffle(value, 0) } -> std::same_as<std::int64_t>;
  { self.ballot(true) } -> std::same_as<std::uint64_t>;
  { self.sum(1u) } -> std::same_as<std::uint32_t>;
  self.store_streaming(elements.element, elements);
  self.await_earlier_kernels();
  self.let_later_kernels_start();
};

/// The thread's index in its warp, and the warp's in the block.
template <thread_context T>
NSAMETA_DEVICE int lane_of(const T& self) {
  return static_cast<int>(static_cast<unsigned>(self.thread()) % T::warp_width);
}
template <thread_context T>
NSAMETA_DEVICE int warp_of(const T& self) {
  return static_cast<int>(static_cast<unsigned>(self.thread()) / T::warp_width);
}

/// Takes the kernel's turn in the stream, before the first access to global memory. Which work a block has, the
/// arguments alone say: finding that out, and fetching its instructions, goes on while earlier kernels end.
template <thread_context T>
NSAMETA_DEVICE void take_turn(T& self) {
  self.await_earlier_kernels();
  self.let_later_kernels_start();
}

}  // namespace nsameta::gpu
