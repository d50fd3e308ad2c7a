/// The yardstick: a launch that does nothing.
#pragma once

#include <cuda_runtime_api.h>

namespace nsameta::bench {

/// An empty kernel, 1 block of 256 threads. As raw as it gets: the error is left for the next check.
void launch_empty(cudaStream_t stream);

}  // namespace nsameta::bench
