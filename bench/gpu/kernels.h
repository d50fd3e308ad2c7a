/// The yardsticks: a launch that does nothing, and a copy.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>

namespace nsameta::bench {

/// An empty kernel, 1 block of 256 threads. As raw as it gets: the error is left for the next check.
void launch_empty(cudaStream_t stream);

/// Copies 16 bytes a step in a persistent grid. Both pointers 16-byte aligned.
void launch_copy(void* to, const void* from, std::size_t bytes, int multiprocessors, cudaStream_t stream);

}  // namespace nsameta::bench
