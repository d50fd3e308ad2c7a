/// The device layer on NVIDIA GPUs.
#pragma once

#include <cstdint>
#include <cstring>

namespace nsameta::cuda {

struct lane {
  static constexpr int warp_width = 32;
  static constexpr unsigned all_lanes = 0xffffffffu;

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ int block() const { return static_cast<int>(blockIdx.x); }
  __device__ int block_count() const { return static_cast<int>(gridDim.x); }
  __device__ void barrier() { __syncthreads(); }

  template <class T>
  __device__ T shuffle_up(const T& value, int delta) {
    return by_words(value, [=](unsigned word) { return __shfl_up_sync(all_lanes, word, delta); });
  }
  template <class T>
  __device__ T broadcast(const T& value, int lane) {
    return by_words(value, [=](unsigned word) { return __shfl_sync(all_lanes, word, lane); });
  }
  __device__ std::uint64_t ballot(bool vote) { return __ballot_sync(all_lanes, vote); }

 private:
  /// The shuffles move 32 bits; the copies stay in registers.
  template <class T, class Shuffle>
  static __device__ T by_words(const T& value, Shuffle shuffle) {
    static_assert(sizeof(T) % 4 == 0);
    unsigned words[sizeof(T) / 4];
    memcpy(words, &value, sizeof(T));
    for (unsigned& word : words) word = shuffle(word);
    T moved;
    memcpy(&moved, words, sizeof(T));
    return moved;
  }
};

}  // namespace nsameta::cuda
